import type { DeadLetter } from "../core/record.ts";

const previewBytes = 200;

/**
 * A dead letter as one line of JSON: `source`, `stream`, `offset`, `file` (its path, where the stream does not name it), `reason`, `message`, `bytesTotal`, `preview` (the
 * beginning, for people) and `bytes` (the original bytes in base64, cut to the record limit).
 */
export function deadLetterLine(deadLetter: DeadLetter): string {
  const { position, file, reason, message, bytesTotal, bytes } = deadLetter;
  return `${JSON.stringify({
    source: position.source,
    stream: position.stream,
    offset: position.offset,
    file,
    reason,
    message,
    bytesTotal,
    preview: bytes.toString("utf8", 0, previewBytes).replace(/\uFFFD+$/, ""),
    bytes: bytes.toString("base64"),
  })}\n`;
}

/** Says that a file of dead letters has reached the limit `deadLettersFileBytesMax`. */
export function deadLettersFileFullMessage(file: string, bytesMax: number): string {
  return (
    `${file} has no room for further dead letters (the limit deadLettersFileBytesMax of ${bytesMax} bytes): they are ` +
    "counted, and not kept. Move the file away, or raise the limit."
  );
}
