export { describeItem, type ItemState, type ProvenanceItem } from './describe.ts'
export {
  isReceiptHonest,
  type NamedGround,
  namedGrounds,
  namesGround,
  type Relation,
} from './grounds.ts'
