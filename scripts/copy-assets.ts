/** After `tsc`: what the compiled package needs besides JavaScript. */
import { cpSync } from "node:fs";

cpSync("src/parsers/log-types", "dist/parsers/log-types", {
  recursive: true,
  filter: (path) => !path.endsWith(".ts"),
});
