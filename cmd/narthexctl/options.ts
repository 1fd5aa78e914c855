import { InvalidArgumentError } from "commander";
import { messageOf } from "#pkg/errs/mod.ts";

/** A command has said what is wrong; nothing is left but the exit code. */
export class Failed extends Error {}

/** A parser of an option's value whose errors name the option. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}
