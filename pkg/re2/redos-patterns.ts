/**
 * Patterns with which backtracking engines were brought to a halt, from advisories and from papers
 * about them; what RE2 cannot say (look-ahead, back references) is left out of them. Used by tests.
 */
export const REDOS_PATTERNS: readonly string[] = [
  // The textbook and OWASP's page.
  "(a+)+$",
  "(a+)+",
  "([a-zA-Z]+)*",
  "([a-zA-Z]+)*$",
  "(a|aa)+",
  "(a|aa)+$",
  "(a|a?)+$",
  "(.*a){20}",
  "(.*a){11}",
  "(a*)*b",
  "(a|a)*b",
  "(a|b|ab)*c",
  "(x+x+)+y",
  "(([a-z])+.)+[A-Z]([a-z])+$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "([a-z]+)+[0-9]",
  "(\\w+\\s?)*$",
  "^(\\w+\\s?)*\\$",
  "(\\d+)*x",
  "((a*)*)*$",
  "(a?){30}a{30}",
  "(?:a?){25}a{25}",
  "a*a*a*a*a*a*a*a*b",
  ".*.*.*.*.*=.*",
  "(.+)+(.+)+(.+)+x",
  "(?:.*,){11}P",
  // E-mail addresses.
  "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
  "^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\\.[a-zA-Z0-9-.]+$",
  "^([0-9a-zA-Z]([-.\\w]*[0-9a-zA-Z])*@(([0-9a-zA-Z])+([-\\w]*[0-9a-zA-Z])*\\.)+[a-zA-Z]{2,9})$",
  "^([a-z0-9_\\.-]+)@([\\da-z\\.-]+)\\.([a-z\\.]{2,6})$",
  "^(([\\w-]+\\.)+[\\w-]+|([a-zA-Z]{1}|[\\w-]{2,}))@((\\d{1,3}\\.){3}\\d{1,3}|([a-zA-Z]+[\\w-]+\\.)+[a-zA-Z]{2,4})$",
  "\\w+([-+.']\\w+)*@\\w+([-.]\\w+)*\\.\\w+([-.]\\w+)*",
  // Cloudflare's outage of July 2019, Stack Overflow's of July 2016.
  "(?:(?:\"|'|\\]|\\}|\\\\|\\d|(?:nan|infinity|true|false|null|undefined|symbol|math)|\\`|\\-|\\+)+[)]*;?((?:\\s|-|~|!|{}|\\|\\||\\+)*.*(?:.*=.*)))",
  ".*.*=.*",
  "^[\\s\\x{200c}]+|[\\s\\x{200c}]+$",
  "\\s+$",
  // Advisories about widely used libraries.
  "^(?:\\r\\n|\\n|.)+?\\s*$",
  "(?:[^()]+|\\([^()]*\\))+\\)",
  "\\s*#?\\s*$",
  "^\\s*(\\S+\\s*)*;$",
  "^#([0-9a-f]{3}|[0-9a-f]{6})+$",
  '^((?:[^"\\\\]|\\\\.)*)*"$',
  "([^=\\s]+(\\s*=\\s*)?)+;",
  "\\[(?:[^\\]\\\\]|\\\\.)*(?:[^\\]\\\\]|\\\\.)*\\]x",
  "^(?:[.a-z0-9-]+)*(?:\\.[a-z]+)+/$",
  "^data:([^,;]+)*(;[^,;]+)*;base64,",
  "^(-?\\d+)?\\s*(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|years?|yrs?|y)*$",
  "^((\\d+(\\.\\d+)?)+)+(e[+-]?\\d+)?$",
  "^([\\s\\S]*?)((?:\\.{1,2}|[^\\\\/]+?|)(\\.[^./\\\\]*|))(?:[\\\\/]*)$",
  "(?:\\/(?:\\*[^*]*\\*+(?:[^/*][^*]*\\*+)*\\/)+)+z",
  '^(?:(?:[^<>()\\[\\].,;:\\s@"]+(?:\\.[^<>()\\[\\].,;:\\s@"]+)*)|(?:".+"))@x$',
  '<(?:[^>"\']|"[^"]*"|\'[^\']*\')*(?:[^>"\']|"[^"]*")*>;',
  "^(?:[A-Z][a-z]*\\s?)+(?:[a-z]*\\s?)+!$",
  "(?i)^(([a-z0-9]+-*)*[a-z0-9]+\\.)+[a-z]{2,}$",
  "(?i)(ab?c*)+(a|b|c)+$",
  "^(?:https?:\\/\\/)?(?:[\\w-]+\\.)+[\\w-]+(?:[\\w ./?%&=-]*)*$",
  "^(\\([0-9]{3}\\)|[0-9]{3})*([- ]?[0-9]+)*[- ]?[0-9]{4}$",
  "(?:(?:[a-z]+,?)+;)+$",
  // Many states at once, for automata that are made deterministic.
  ".*a.{12}",
  ".*a.{20}",
  ".*a.{30}",
  ".*[ab].{60}c?",
  "(a|b)*a(a|b){14}",
  "(?:a{1,40}b?){1,20}!",
];

/** Values that come as close to matching as such patterns ask for, `count` of them. */
export function hostileValues(count: number, length: number): string[] {
  const units = [
    "a",
    "ab",
    "aA",
    "1",
    "a1",
    " ",
    "a ",
    "x",
    "/*",
    "a.",
    "a@",
    '\\"',
    "=",
    "()",
    "a-",
  ];
  const out: string[] = [];
  let state = 1;
  const random = (): string => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return state & 0x10000 ? "a" : "b";
  };
  for (let i = 0; i < count; i++) {
    if (i % 5 === 4) {
      out.push(Buffer.from(Array.from({ length }, random).join("")).toString());
      continue;
    }
    const unit = units[i % units.length]!;
    const rest = `${i}`;
    const body = unit.repeat(Math.ceil(length / unit.length)).slice(rest.length, length - 1);
    // Not the sum of its parts: a value as it comes out of an index.
    out.push(Buffer.from(`${i % 2 === 0 ? body + rest : rest + body}!`).toString());
  }
  return out;
}
