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
  /** True if the bytes are what `encodeLabels` would write. */
  readonly isCanonical: boolean;
}

/**
 * Decodes label bytes (repeated `Label{name=1, value=2}` fields, tags included) into an owned,
 * sorted label set. Once per new series. Ill-formed bytes raise `bad_data`.
 */
export function decodeLabels(bytes: Uint8Array, start: number, end: number): DecodedLabels {
  const flat: string[] = [];
  const isPlain = readPlain(bytes, start, end, flat);
  if (!isPlain) {
    flat.length = 0;
    readAny(bytes, start, end, flat);
  }
  let sorted = true;
  let replaced = false;
  for (let i = 0; i < flat.length; i += 2) {
    if (i > 0 && compareBytes(flat[i - 2]!, flat[i]!) >= 0) sorted = false;
    // The decoder writes U+FFFD for bytes that are no UTF-8; a sender may mean one, though.
    if (flat[i]!.includes("\ufffd") || flat[i + 1]!.includes("\ufffd")) replaced = true;
  }
  const labels = sorted ? flat : sortPairs(flat);
  let duplicate: string | undefined;
  for (let i = 2; i < labels.length; i += 2) {
    if (labels[i] === labels[i - 2]) duplicate = labels[i];
  }
  return {
    labels,
    duplicate,
    invalidUtf8: replaced && !isUtf8Labels(bytes, start, end),
    isCanonical: isPlain && sorted,
  };
}

/**
 * Reads labels that are spelled as every known sender does: name, then value that is not empty,
 * nothing else, shortest lengths. False, with `into` half filled, where they are not.
 */
function readPlain(bytes: Uint8Array, start: number, end: number, into: string[]): boolean {
  let at = start;
  while (at < end) {
    if (bytes[at++] !== 0x0a) return false;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const high = bytes[at++]!;
      if (high === 0 || high >= 0x80) return false;
      length += (high - 1) << 7;
    }
    const stop = at + length;
    if (!(stop <= end)) return false;
    for (const tag of [0x0a, 0x12]) {
      if (at + 2 > stop || bytes[at++] !== tag) return false;
      let size = bytes[at++]!;
      if (size >= 0x80) {
        const high = bytes[at++]!;
        if (high === 0 || high >= 0x80) return false;
        size += (high - 1) << 7;
      }
      if (!(at + size <= stop) || (size === 0 && tag === 0x12)) return false;
      into.push(decodeUtf8(bytes, at, at + size));
      at += size;
    }
    if (at !== stop) return false;
  }
  return true;
}

/** Reads labels in any spelling that protobuf allows; drops those with empty values. */
function readAny(bytes: Uint8Array, start: number, end: number, into: string[]): void {
  const fields = new FieldReader(bytes, start, end);
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
    if (value !== "") into.push(name, value);
  }
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
