export {
  compareExemplars,
  EXEMPLAR_LABEL_CHARS_MAX,
  type Exemplar,
  exemplarLabelChars,
  mergeSeriesExemplars,
  type SeriesExemplars,
} from "./exemplar.ts";
