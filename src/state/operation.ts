import { isThenable, type MaybePromise } from "../core/json.ts";

/**
 * What a helper answers: a promise that knows whether anybody waits for it. The work itself is done, or failed, when the
 * helper returns; only a store on another machine leaves it open. A native promise would do the same but tells nobody
 * when it is awaited.
 */
export class Operation<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly helper: string;
  private readonly result: MaybePromise<T> | undefined;
  private readonly failure: { readonly error: unknown } | undefined;
  private consumed = false;
  private pending = false;

  private constructor(
    helper: string,
    result: MaybePromise<T> | undefined,
    failure: { readonly error: unknown } | undefined,
  ) {
    this.helper = helper;
    this.result = result;
    this.failure = failure;
    if (isThenable(result)) this.watch(result);
  }

  static done<T>(helper: string, result: MaybePromise<T>): Operation<T> {
    return new Operation(helper, result, undefined);
  }

  static failed<T>(helper: string, error: unknown): Operation<T> {
    return new Operation<T>(helper, undefined, { error });
  }

  /** True when nobody waits for the result, or when it is still to come. */
  get unfinished(): boolean {
    return !this.consumed || this.pending;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaited is what this class is there to notice
  then<Fulfilled = T, Rejected = never>(
    onFulfilled?: ((value: T) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.consumed = true;
    return this.promise().then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<T | Rejected> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    this.consumed = true;
    return this.promise().finally(onFinally);
  }

  private promise(): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure.error);
    return Promise.resolve(this.result as MaybePromise<T>);
  }

  private watch(result: PromiseLike<unknown>): void {
    this.pending = true;
    const settled = (): void => {
      this.pending = false;
    };
    result.then(settled, settled);
  }
}
