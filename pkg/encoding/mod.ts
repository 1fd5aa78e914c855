export { BufferPool } from "./buffer-pool.ts";
export { crc32c } from "./crc32c.ts";
export { ByteReader, decodeUtf8 } from "./reader.ts";
export { isPlausibleSnappy, snappyDeclaredBytes, snappyDecode } from "./snappy.ts";
export { ByteWriter, utf8Length } from "./writer.ts";
