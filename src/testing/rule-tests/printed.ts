import { Console } from "node:console";
import { Writable } from "node:stream";

/** Runs something with what it prints through `console` collected instead of shown; `onPrinted` gets it as it comes. */
export async function collectPrinted<T>(
  run: () => Promise<T>,
  onPrinted?: (text: string) => void,
): Promise<{ result: T; printed: string }> {
  const texts: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      texts.push(text);
      onPrinted?.(text);
      done();
    },
  });
  const shown = globalThis.console;
  globalThis.console = new Console({ stdout: stream, stderr: stream, colorMode: false });
  try {
    return { result: await run(), printed: texts.join("") };
  } finally {
    globalThis.console = shown;
  }
}
