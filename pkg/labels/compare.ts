/**
 * Orders two strings as Go orders their UTF-8 bytes. UTF-16 units sort the same way but for
 * surrogates, which stand for code points above every other unit.
 */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Move surrogates (d800-dfff) above e000-ffff, keeping both ranges in order inside.
    if (x >= 0xd800) x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
    if (y >= 0xd800) y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}
