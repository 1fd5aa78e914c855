import { isUtf8 } from "node:buffer";
import { ByteWriter, decodeUtf8, utf8Length } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes, type Labels } from "#pkg/labels/mod.ts";
import { FieldReader } from "./scan.ts";

/** What stands in the label bytes of a series. */
export interface DecodedLabels {
  /** Sorted; without empty values. */
  readonly labels: Labels;
  /** A name that occurs twice, if any: such a series is invalid. */
  readonly duplicate: string | undefined;
  /** True if some name or value is not valid UTF-8. */
  readonly invalidUtf8: boolean;
}

/**
 * Decodes label bytes (repeated `Label{name=1, value=2}` fields, tags included) into an owned,
 * sorted label set. Once per new series. Ill-formed bytes raise `bad_data`.
 */
export function decodeLabels(bytes: Uint8Array, start: number, end: number): DecodedLabels {
  const fields = new FieldReader(bytes, start, end);
  const flat: string[] = [];
  let sorted = true;
  while (fields.next()) {
    if (fields.tag !== 0x0a) {
      throw new NarthexError("bad_data", `decode labels: field tag ${fields.tag}`);
    }
    const label = new FieldReader(bytes, fields.bodyStart, fields.fieldEnd);
    let name = "";
    let value = "";
    while (label.next()) {
      if (label.tag === 0x0a) name = decodeUtf8(bytes, label.bodyStart, label.fieldEnd);
      else if (label.tag === 0x12) value = decodeUtf8(bytes, label.bodyStart, label.fieldEnd);
    }
    if (value === "") continue;
    if (flat.length > 0 && compareBytes(flat[flat.length - 2]!, name) >= 0) sorted = false;
    flat.push(name, value);
  }
  const labels = sorted ? flat : sortPairs(flat);
  let duplicate: string | undefined;
  let invalidUtf8 = false;
  for (let i = 0; i < labels.length; i++) {
    if (i >= 2 && i % 2 === 0 && labels[i] === labels[i - 2]) duplicate = labels[i];
    // The decoder writes U+FFFD for bytes that are no UTF-8; a sender may mean one, though.
    if (labels[i]!.includes("\ufffd")) invalidUtf8 ||= !isUtf8Labels(bytes, start, end);
  }
  return { labels, duplicate, invalidUtf8 };
}

function isUtf8Labels(bytes: Uint8Array, start: number, end: number): boolean {
  const fields = new FieldReader(bytes, start, end);
  while (fields.next()) {
    const label = new FieldReader(bytes, fields.bodyStart, fields.fieldEnd);
    while (label.next()) {
      const text = (label.tag & 7) === 2;
      if (text && !isUtf8(bytes.subarray(label.bodyStart, label.fieldEnd))) return false;
    }
  }
  return true;
}

function sortPairs(flat: readonly string[]): string[] {
  const order = Array.from({ length: flat.length / 2 }, (_, i) => 2 * i);
  order.sort((a, b) => compareBytes(flat[a]!, flat[b]!));
  return order.flatMap((i) => [flat[i]!, flat[i + 1]!]);
}

/** Appends the label bytes of `labels` as Prometheus's sender writes them: the canonical form. */
export function encodeLabels(labels: Labels, into: ByteWriter): void {
  for (let i = 0; i < labels.length; i += 2) {
    const nameBytes = utf8Length(labels[i]!);
    const valueBytes = utf8Length(labels[i + 1]!);
    into.u8(0x0a);
    into.uvarint(2 + varintBytes(nameBytes) + varintBytes(valueBytes) + nameBytes + valueBytes);
    into.u8(0x0a);
    into.uvarint(nameBytes);
    into.utf8(labels[i]!);
    into.u8(0x12);
    into.uvarint(valueBytes);
    into.utf8(labels[i + 1]!);
  }
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/** An owned copy of the canonical label bytes. */
export function canonicalLabelBytes(labels: Labels): Uint8Array {
  const writer = new ByteWriter(64);
  encodeLabels(labels, writer);
  return writer.take();
}
