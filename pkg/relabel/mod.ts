export {
  DEFAULT_RELABEL,
  RELABEL_ACTIONS,
  type RelabelAction,
  type RelabelConfig,
  validateRelabel,
} from "./config.ts";
export { LabelSet, Relabeller } from "./relabel.ts";
