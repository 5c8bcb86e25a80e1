/** Every limit on input, state and output, with its default. docs/LIMITS.md lists them with the error each gives. */
export interface Limits {
  /** Longest record in bytes, decompressed, without its line end. Longer ones become dead letters. */
  readonly recordBytesMax: number;
  /** Deepest nesting of objects and arrays in an event; the event itself is level 1. */
  readonly nestingMax: number;
  /** Longest state key in bytes of UTF-8. */
  readonly keyBytesMax: number;
  /** Most members of one string set. */
  readonly setMembersMax: number;
  /** Longest member of a string set in bytes of UTF-8. */
  readonly setMemberBytesMax: number;
  /** Longest string set: the sum of its members in bytes of UTF-8. */
  readonly setBytesMax: number;
  /** Longest dictionary in bytes of JSON text. */
  readonly dictionaryBytesMax: number;
  /** Most keys that one rule may hold at once in one evaluation of one event; guards against a runaway loop. */
  readonly operationsPerEvaluationMax: number;
  /** Keys that one rule may make in one hour of the engine clock; a key that ended and is made again counts again. */
  readonly newKeysPerHourMax: number;
  /** Bytes of a state file's journal; beyond it commits wait until enough of it is folded. */
  readonly journalBytesMax: number;
  /** Alerts that one rule may raise in one hour of the engine clock; the rest of that hour becomes one alert. */
  readonly alertsPerHourMax: number;
  /** Events kept with an alert: the first ones. */
  readonly alertEventsMax: number;
  /** Bytes of JSON kept as events of one alert; the first event is always kept. */
  readonly alertEventBytesMax: number;
  /** Distinct values of `unique` counted exactly; beyond it the count is an estimate that says so. */
  readonly uniqueExactMax: number;
  /** Deliveries that may wait for a commit; with as many, it comes before the next event. */
  readonly outboxDeliveriesMax: number;
  /** Bytes of the file of dead letters; those that do not fit are counted instead of kept. */
  readonly deadLettersFileBytesMax: number;
  /** Bytes that rules may print about one event. */
  readonly printBytesMax: number;
  /** Bytes that the memory of Python, which all Python rules share, may grow to. */
  readonly pythonMemoryBytesMax: number;
  /** Bytes of JavaScript objects that one lane may hold: rules, state in memory and the batch under way. */
  readonly laneHeapBytesMax: number;
  /**
   * How long one rule may take over one event, in milliseconds, unless the rule says otherwise; also how long a rule file
   * may take to load.
   */
  readonly ruleBudgetMs: number;
  /** A rule that exceeded its budget or ended its lane so many times within `suspendWindowMs` is suspended. */
  readonly suspendAfter: number;
  /** In milliseconds of the engine clock. */
  readonly suspendWindowMs: number;
  /** Bytes of standard input kept until what was made of them is committed, for a lane that starts again. */
  readonly stdinKeptBytesMax: number;
}

export const defaultLimits: Limits = {
  recordBytesMax: 4 * 1024 * 1024,
  nestingMax: 200,
  keyBytesMax: 1024,
  setMembersMax: 100_000,
  setMemberBytesMax: 8 * 1024,
  setBytesMax: 16 * 1024 * 1024,
  dictionaryBytesMax: 1024 * 1024,
  operationsPerEvaluationMax: 10_000,
  newKeysPerHourMax: 1_000_000,
  journalBytesMax: 64 * 1024 * 1024,
  alertsPerHourMax: 1000,
  alertEventsMax: 10,
  alertEventBytesMax: 256 * 1024,
  uniqueExactMax: 1024,
  outboxDeliveriesMax: 10_000,
  deadLettersFileBytesMax: 1024 * 1024 * 1024,
  printBytesMax: 64 * 1024,
  pythonMemoryBytesMax: 512 * 1024 * 1024,
  laneHeapBytesMax: 2 * 1024 * 1024 * 1024,
  ruleBudgetMs: 15_000,
  suspendAfter: 3,
  suspendWindowMs: 3_600_000,
  stdinKeptBytesMax: 256 * 1024 * 1024,
};
