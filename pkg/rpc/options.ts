import type { ChannelOptions } from "@grpc/grpc-js";

/** Settings of both sides of gRPC. */
export interface TransportOptions {
  /** The largest message that is read; default 100 MiB, as in Cortex and Mimir. */
  readonly maxReceiveBytes?: number;
  /** A peer that is silent for this long is asked for a sign of life; default 10 s. */
  readonly keepaliveTimeMs?: number;
  /** A peer that does not answer that for this long is given up; default 5 s. */
  readonly keepaliveTimeoutMs?: number;
}

/** TLS material, PEM. */
export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

const MIB = 1024 * 1024;

/** The settings as grpc-js names them. */
export function channelOptions(options: TransportOptions): ChannelOptions {
  return {
    "grpc.max_receive_message_length": options.maxReceiveBytes ?? 100 * MIB,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": options.keepaliveTimeMs ?? 10_000,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs ?? 5_000,
    "grpc.keepalive_permit_without_calls": 1,
    // The default of 64 KiB caps a stream at one window per round trip.
    "grpc-node.flow_control_window": 4 * MIB,
  };
}
