import { Command } from "commander";
import { VERSION } from "#pkg/version/mod.ts";

new Command("narthexctl")
  .description("Command line of Narthex.")
  .version(VERSION)
  .parse(process.argv);
