/** What `\pL` and its kind count for: their tables are long. */
const UNICODE_CLASS = 30;

/**
 * An estimate of how many instructions `pattern` compiles to, never more than about `limit`: what
 * stands before `{n}` counts n times. Cheap, so that a pattern is refused before it costs anything;
 * what is no valid pattern has some size, too.
 */
export function estimateSize(pattern: string, limit: number): number {
  const outer: number[] = [];
  let size = 0;
  /** The part that a repetition would repeat. */
  let last = 0;
  const add = (weight: number): void => {
    last = weight;
    size += weight;
  };
  for (let i = 0; i < pattern.length && size <= limit; i++) {
    switch (pattern[i]) {
      case "\\": {
        const quoted = pattern[i + 1] === "Q" ? pattern.indexOf("\\E", i + 2) : -1;
        add(quoted < 0 ? ("pP".includes(pattern[i + 1] ?? " ") ? UNICODE_CLASS : 1) : quoted - i);
        i = quoted < 0 ? i + 1 : quoted + 1;
        break;
      }
      case "[": {
        const end = classEnd(pattern, i);
        const text = pattern.slice(i, end);
        add(1 + UNICODE_CLASS * (text.split(/\\[pP]/).length - 1));
        i = end;
        break;
      }
      case "(":
        outer.push(size);
        size = 0;
        break;
      case ")": {
        const before = outer.pop() ?? 0;
        const group = size + 2;
        size = before;
        add(group);
        break;
      }
      case "{": {
        const count = /^\{(\d{1,4})(?:,(\d{0,4}))?\}/.exec(pattern.slice(i, i + 12));
        if (count === null) add(1);
        else {
          const times = Math.max(1, Number(count[1]), Number(count[2] ?? 0));
          size += last * (times - 1);
          last *= times;
          i += count[0].length - 1;
        }
        break;
      }
      case "*":
      case "+":
      case "?":
        size++;
        last++;
        break;
      default:
        add(1);
    }
  }
  return outer.reduce((sum, part) => sum + part, size);
}

/** The place of the `]` that ends the class which begins at `at`. */
function classEnd(pattern: string, at: number): number {
  let i = at + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") {
    if (pattern[i] === "\\") i += 2;
    else if (pattern.startsWith("[:", i)) {
      const end = pattern.indexOf(":]", i);
      i = end < 0 ? i + 1 : end + 2;
    } else i++;
  }
  return i;
}
