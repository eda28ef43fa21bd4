export { type BlobHash, digestBytes, hashIds, hashTags } from './hash.ts'
export { portableBlake3, portableSha256 } from './portable.ts'
export {
  pathBytesMax,
  rootFromPath,
  type TreeLevels,
  type TreeShape,
  treeLevels,
  treePath,
  treeRoot,
} from './tree.ts'
