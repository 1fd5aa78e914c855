import { narthex } from "./gen/narthex.js";

/** A gRPC method: its path and what turns messages into bytes and back. */
export interface Method<ReqIn, ReqOut, ResIn, ResOut> {
  readonly path: string;
  readonly encodeRequest: (message: ReqIn) => Buffer;
  readonly decodeRequest: (bytes: Buffer) => ReqOut;
  readonly encodeResponse: (message: ResIn) => Buffer;
  readonly decodeResponse: (bytes: Buffer) => ResOut;
}

interface Codec<In, Out> {
  encode(message: In): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Out;
}

function method<ReqIn, ReqOut, ResIn, ResOut>(
  name: string,
  request: Codec<ReqIn, ReqOut>,
  response: Codec<ResIn, ResOut>,
): Method<ReqIn, ReqOut, ResIn, ResOut> {
  return {
    path: `/narthex.${name}`,
    encodeRequest: (message) => asBuffer(request.encode(message).finish()),
    decodeRequest: (bytes) => request.decode(bytes),
    encodeResponse: (message) => asBuffer(response.encode(message).finish()),
    decodeResponse: (bytes) => response.decode(bytes),
  };
}

/** The same bytes as a `Buffer`, which grpc-js insists on. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes that are a message as they stand. */
const opaque: Codec<Uint8Array, Uint8Array> = {
  encode: (bytes) => ({ finish: () => bytes }),
  decode: (bytes) => bytes,
};

const n = narthex;

/** As `n.SelectResponse`, whose writer would copy the payload twice on its way. */
const selectResponse: Codec<
  narthex.SelectResponse.$Properties,
  narthex.SelectResponse.$Properties
> = {
  encode(message) {
    const { series, warnings } = message;
    if (!series || (warnings && warnings.length > 0)) return n.SelectResponse.encode(message);
    return { finish: () => lengthDelimited(SERIES_TAG, series) };
  },
  decode: (bytes) => n.SelectResponse.decode(bytes),
};

/** Field 1, wire type 2. */
const SERIES_TAG = 0x0a;

function lengthDelimited(tag: number, payload: Uint8Array): Buffer {
  let lengthBytes = 1;
  for (let rest = payload.length; rest >= 0x80; rest >>>= 7) lengthBytes++;
  const out = Buffer.allocUnsafe(1 + lengthBytes + payload.length);
  out[0] = tag;
  let rest = payload.length;
  for (let i = 1; i <= lengthBytes; i++, rest >>>= 7) {
    out[i] = i < lengthBytes ? (rest & 0x7f) | 0x80 : rest;
  }
  out.set(payload, 1 + lengthBytes);
  return out;
}

/** Methods of `narthex.Ingester`; `select` and `exemplars` stream. */
export const ingesterMethods = {
  push: method("Ingester/Push", opaque, n.PushResponse),
  select: method("Ingester/Select", n.SelectRequest, selectResponse),
  labelNames: method("Ingester/LabelNames", n.LabelNamesRequest, n.LabelsResponse),
  labelValues: method("Ingester/LabelValues", n.LabelValuesRequest, n.LabelsResponse),
  metadata: method("Ingester/Metadata", n.MetadataRequest, n.MetadataResponse),
  exemplars: method("Ingester/Exemplars", n.ExemplarsRequest, n.ExemplarsResponse),
  tenantStats: method("Ingester/TenantStats", n.TenantStatsRequest, n.TenantStatsResponse),
  deleteSeries: method("Ingester/DeleteSeries", n.DeleteSeriesRequest, n.DeleteSeriesResponse),
  flush: method("Ingester/Flush", n.FlushRequest, n.FlushResponse),
} as const;

/** Methods of `narthex.StoreGateway`; `select` streams. */
export const storeGatewayMethods = {
  select: method("StoreGateway/Select", n.BlocksSelectRequest, selectResponse),
  labelNames: method("StoreGateway/LabelNames", n.BlocksLabelNamesRequest, n.LabelsResponse),
  labelValues: method("StoreGateway/LabelValues", n.BlocksLabelValuesRequest, n.LabelsResponse),
  blocks: method("StoreGateway/Blocks", n.BlocksRequest, n.BlocksResponse),
  sync: method("StoreGateway/Sync", n.SyncRequest, n.SyncResponse),
} as const;
