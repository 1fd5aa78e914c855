import { expect, test } from "vitest";
import { checkTenant, TenantResolver } from "./mod.ts";

test("tenant ids that could leave their folder or prefix are refused", () => {
  for (const id of ["team-1", "A_b.c!*'()", "a".repeat(150)]) expect(checkTenant(id)).toBe(id);
  for (const id of [
    "",
    ".",
    "..",
    "__markers__",
    "a/b",
    "a\\b",
    "a b",
    "é",
    "a\0",
    "a".repeat(151),
  ]) {
    expect(() => checkTenant(id), id).toThrow(/tenant id/);
  }
});

test("the header decides, and without it auth.enabled does", () => {
  const open = new TenantResolver({ authEnabled: false });
  const closed = new TenantResolver({ authEnabled: true });
  expect(open.single(undefined)).toBe("anonymous");
  expect(open.several("b|a|b")).toEqual(["a", "b"]);
  expect(() => open.single("a|b")).toThrow(/multiple tenant ids/);
  expect(() => open.several("a|../b")).toThrow(/tenant id/);
  expect(() => closed.several(undefined)).toThrow(/no org id/);
  expect(closed.single("a")).toBe("a");
});
