import type { VNode } from 'preact'
import { Empty, Loading } from '../components/state.tsx'
import { type Feature, useFeature } from '../features.ts'

/** A page of a part that not every node has. */
export function Needs({ feature, page }: { feature: Feature; page: () => VNode }) {
  const isHere = useFeature(feature)
  if (isHere === undefined) return <Loading rows={6} />
  if (isHere) return page()
  return <Empty title="Not on this node">It was started without this part.</Empty>
}
