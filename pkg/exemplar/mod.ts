export {
  compareExemplars,
  EXEMPLAR_LABEL_CHARS_MAX,
  type Exemplar,
  type ExemplarParams,
  exemplarLabelChars,
  mergeSeriesExemplars,
  type SeriesExemplars,
} from "./exemplar.ts";
