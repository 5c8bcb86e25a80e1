/**
 * A number of YAML 1.2 as JSON writes it, with every digit that stands in the file: `0644` is `644`, `+1` is `1`, `.5` is
 * `0.5`, `1.` is `1.0`, `0x1F` is `31`. A fraction or an exponent stays, so a float remains one for whoever reads the text.
 * `.inf`, `.nan` and what is too large for a double have no JSON form and become `null`.
 */
export function numberText(source: string): string {
  if (plainNumber.test(source)) return Number.isFinite(Number(source)) ? source : "null";
  if (/^0[ox]/.test(source)) return String(BigInt(source));
  const [, sign = "", whole = "", fraction, exponent = ""] = anyNumber.exec(source) ?? [];
  if (whole === "" && fraction === undefined) return "null";
  const integer = whole.replace(/^0+(?=\d)/, "") || "0";
  const text = `${sign === "-" ? "-" : ""}${integer}${fraction === undefined ? "" : `.${fraction || "0"}`}${exponent}`;
  return Number.isFinite(Number(text)) ? text : "null";
}

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const anyNumber = /^([-+]?)(\d*)(?:\.(\d*))?([eE][-+]?\d+)?$/;
