import type { Closable } from "./clients.ts";

/**
 * Clients by address, made when first asked for. `retain` closes those whose peers left the ring.
 */
export class ClientPool<T extends Closable> {
  readonly #make: (address: string) => T;
  readonly #clients = new Map<string, T>();

  constructor(make: (address: string) => T) {
    this.#make = make;
  }

  /** The client for `address` (`host:port`). */
  get(address: string): T {
    let client = this.#clients.get(address);
    if (!client) {
      client = this.#make(address);
      this.#clients.set(address, client);
    }
    return client;
  }

  /** How many clients are open. */
  get size(): number {
    return this.#clients.size;
  }

  /** Closes the clients of all other addresses. */
  retain(addresses: ReadonlySet<string>): void {
    for (const [address, client] of this.#clients) {
      if (addresses.has(address)) continue;
      this.#clients.delete(address);
      client.close();
    }
  }

  /** Closes all. */
  close(): void {
    this.retain(new Set());
  }
}
