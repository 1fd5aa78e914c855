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

const n = narthex;

/** Methods of `narthex.Ingester`; `select` streams. */
export const ingesterMethods = {
  push: method("Ingester/Push", n.PushRequest, n.PushResponse),
  select: method("Ingester/Select", n.SelectRequest, n.SelectResponse),
  labelNames: method("Ingester/LabelNames", n.LabelNamesRequest, n.LabelsResponse),
  labelValues: method("Ingester/LabelValues", n.LabelValuesRequest, n.LabelsResponse),
  metadata: method("Ingester/Metadata", n.MetadataRequest, n.MetadataResponse),
  tenantStats: method("Ingester/TenantStats", n.TenantStatsRequest, n.TenantStatsResponse),
  flush: method("Ingester/Flush", n.FlushRequest, n.FlushResponse),
} as const;

/** Methods of `narthex.StoreGateway`; `select` streams. */
export const storeGatewayMethods = {
  select: method("StoreGateway/Select", n.BlocksSelectRequest, n.SelectResponse),
  labelNames: method("StoreGateway/LabelNames", n.BlocksLabelNamesRequest, n.LabelsResponse),
  labelValues: method("StoreGateway/LabelValues", n.BlocksLabelValuesRequest, n.LabelsResponse),
  blocks: method("StoreGateway/Blocks", n.BlocksRequest, n.BlocksResponse),
} as const;
