export { type CheckedUnit, openChecker, type Verification } from '../compute/index.ts'
export { type HeddleNode, startNode } from './node.ts'
export { waitForStop } from './stop.ts'
export { type Rebuilt, rebuildNodeStore } from './store.ts'
