/** A regular expression for the whole of a text. */
export interface WholePattern {
  /** The names of its groups. */
  readonly names: readonly string[];
  /** True when it fits the whole text. */
  test(text: string): boolean;
  /** The text of each group by name, where it took part; `undefined` when the pattern does not fit. */
  groupsOf(text: string): Groups | undefined;
}

/** Without a prototype, so that any name is just a name. */
export type Groups = Readonly<Record<string, string | undefined>>;

/** Makes a pattern of its source. Throws an error whose message says, for people, what is wrong with it. */
export type CompileWhole = (source: string) => WholePattern;

/**
 * A pattern on the engine of JavaScript itself, which can take for ever: only for the patterns that ship with the package,
 * whose time is in proportion to the length of the text.
 */
export const compileNative: CompileWhole = (source) => {
  const pattern = new RegExp(`^(?:${source})$`);
  return {
    names: groupNames(source),
    test: (text) => pattern.test(text),
    groupsOf: (text) => pattern.exec(text)?.groups,
  };
};

/** The names of a valid pattern's groups. */
export function groupNames(source: string): readonly string[] {
  // The empty alternative stands first, so that nothing of the pattern itself is ever tried.
  return Object.keys(new RegExp(`|${source}`).exec("")?.groups ?? {});
}
