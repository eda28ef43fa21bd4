import type { VNode } from 'preact'
import { PageHead } from '../components/panel.tsx'
import { Empty, Loading } from '../components/state.tsx'
import { type Feature, useFeature } from '../features.ts'

const titles: Readonly<Record<Feature, string>> = {
  availability: 'The wide lane',
  models: 'Models',
  provenance: 'Provenance',
}

/** A page of a part that not every node has. */
export function Needs({ feature, page }: { feature: Feature; page: () => VNode }) {
  const isHere = useFeature(feature)
  if (isHere === undefined) return <Loading rows={6} />
  if (isHere) return page()
  return (
    <>
      <PageHead kind="Not on this node" title={titles[feature]} />
      {feature === 'availability' ? (
        <Empty title="No storers">
          Nobody keeps blobs for this node. Start it with <code>--storers 24</code> to run some on
          this machine, or with <code>--storer-set FILE</code> to publish to those of a network.
        </Empty>
      ) : (
        <Empty title="Not here">This node was started without this part.</Empty>
      )}
    </>
  )
}
