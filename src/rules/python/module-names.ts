import { unzipSync } from "fflate";

/** The names under which the modules and packages at the top of a wheel are imported. */
export function moduleNames(wheel: Uint8Array): readonly string[] {
  const names = new Set<string>();
  unzipSync(wheel, {
    filter: ({ name }) => {
      const [top = "", ...rest] = name.split("/");
      if (rest.length === 0 && top.endsWith(".py")) names.add(top.slice(0, -".py".length));
      else if (rest.length > 0 && name.endsWith(".py") && /^\w+$/.test(top)) names.add(top);
      return false;
    },
  });
  return [...names];
}
