export { Backoff, type BackoffOptions, type RetryOptions, retry } from "./backoff.ts";
export { withEnd } from "./iterators.ts";
export { BoundedQueue } from "./queue.ts";
export { mapLimit, type Release, Semaphore } from "./semaphore.ts";
export { type LinkedSignal, linkSignals, withTimeout } from "./signals.ts";
export { abortError, Pacer, sleep, throwIfAborted, yieldNow } from "./sleep.ts";
