export {
  decodeSeriesBatch,
  encodeSeriesBatch,
  SeriesBatchDecoder,
  SeriesBatchEncoder,
} from "./series-batch.ts";
