export { type Random, randomSeed, seededRandom, systemRandom } from "./random.ts";
