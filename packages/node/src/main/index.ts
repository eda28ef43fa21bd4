export { type HeddleNode, startNode } from './node.ts'
export { waitForStop } from './stop.ts'
