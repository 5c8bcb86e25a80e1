/**
 * `npm run bench`: how far the engine is from the floor. `npm run bench -- panther PATH`: how much quicker it runs Panther's
 * rules than Panther's own packages. `npm run bench -- guarded`: what the supervisor and the limits cost. `npm run
 * bench -- service`: how many events a service takes. `npm run bench -- restart`:
 * how soon a lane that was ended is replaced. What is compared runs in turn, each in a fresh process, so that a machine that slows
 * down slows all of it; compare the ratios, not the rates.
 */
import { parseArgs } from "node:util";

import { benchEngine } from "./engine.ts";
import { benchGuarded } from "./guarded.ts";
import { benchPanther } from "./panther.ts";
import { benchRestart } from "./restart.ts";
import { benchService } from "./service.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    megabytes: { type: "string", default: "250" },
    rate: { type: "string", default: "20000" },
    seconds: { type: "string", default: "60" },
    events: { type: "string" },
    packages: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const [question = "engine", repository] = positionals;

if (question === "engine") benchEngine(rounds, Number(values.megabytes));
else if (question === "guarded") benchGuarded(rounds, Number(values.megabytes));
else if (question === "restart") await benchRestart(rounds);
else if (question === "service") {
  await benchService({ eventsPerSecond: Number(values.rate), seconds: Number(values.seconds) });
} else if (question === "panther" && repository !== undefined) {
  benchPanther({ repository, rounds, events: values.events, packages: values.packages });
} else {
  console.error("usage: npm run bench [-- --rounds N --megabytes N]");
  console.error("       npm run bench -- guarded [--rounds N --megabytes N]");
  console.error("       npm run bench -- restart [--rounds N]");
  console.error("       npm run bench -- service [--rate EVENTS_PER_SECOND --seconds N]");
  console.error("       npm run bench -- panther PATH [--rounds N] [--events FOLDER] [--packages FOLDER]");
  process.exitCode = 2;
}
