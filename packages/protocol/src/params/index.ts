export {
  type Committee,
  type CommitteeBounds,
  committeeBounds,
  committees,
  layout,
} from './availability.ts'
