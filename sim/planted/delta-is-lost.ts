import { type ChangesByKey, applyChange, collectChanges } from "../../src/state/sqlite/item-change.ts";
import { ItemTable } from "../../src/state/sqlite/item-table.ts";
import { inTransaction } from "../../src/state/sqlite/transaction.ts";
import type { PlantedBug } from "./planted.ts";

/** Journal rows are deleted in a transaction of their own before the items are written. */
export const deltaIsLost: PlantedBug = {
  name: "fold losing a delta",
  needsFaults: false,
  parts: {
    *fold(db) {
      const changes: ChangesByKey = new Map();
      const rows = db.prepare("SELECT seq, changes FROM journal ORDER BY seq").all();
      for (const { changes: text } of rows) collectChanges(changes, String(text));
      if (rows.length === 0) return;
      const through = Number(rows.at(-1)?.["seq"]);
      inTransaction(db, () => {
        db.prepare("DELETE FROM journal WHERE seq <= ?").run(through);
        db.prepare("UPDATE meta SET value = ? WHERE name = 'folded_through'").run(through);
      });
      yield 0;
      const table = new ItemTable(db);
      inTransaction(db, () => {
        for (const [key, own] of changes) {
          const item = table.read(key);
          for (const change of own) applyChange(item, change);
          table.write(item);
        }
      });
      yield through;
    },
  },
};
