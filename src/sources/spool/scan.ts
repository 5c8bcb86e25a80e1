import type { FrameHeader } from "./frame.ts";
import type { SegmentName } from "./segment.ts";
import { SegmentReader } from "./segment-reader.ts";

export interface ScanOptions {
  readonly folder: string;
  readonly segment: SegmentName;
  /** Offset at which it ends. */
  readonly end: number;
  /** Called for each whole frame, in order. */
  readonly onFrame: (header: FrameHeader, next: number) => void;
}

export interface Scan {
  /** The end of the last whole frame; what follows it is none. */
  readonly validEnd: number;
  /** What is no whole frame, in order. */
  readonly damaged: readonly { readonly offset: number; readonly bytes: number }[];
}

/** Looks at every frame of a segment. Throws what `fs` throws. */
export function scanSegment({ folder, segment, end, onFrame }: ScanOptions): Scan {
  const reader = new SegmentReader(folder, segment);
  const damaged: { offset: number; bytes: number }[] = [];
  let validEnd = segment.base;
  try {
    for (let offset = segment.base; offset < end;) {
      const found = reader.find(offset, end);
      if (found.kind === "frame") {
        onFrame(found.header, found.next);
        validEnd = found.next;
      } else {
        damaged.push({ offset, bytes: found.next - offset });
      }
      offset = found.next;
    }
  } finally {
    reader.close();
  }
  return { validEnd, damaged };
}
