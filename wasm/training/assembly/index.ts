export { adam, add, embed, embedBack, lossBack, squares } from './learn'
export {
  gateUp,
  gateUpBack,
  normalize,
  normalizeBack,
  rotate,
  softmaxBack,
  softmaxCausal,
} from './layer'
export { product, transpose } from './product'
