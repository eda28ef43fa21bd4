import { type Found, findItem } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { tagValue } from '../api/units.ts'
import { Content } from '../components/content.tsx'
import { FailedPage } from '../components/failed-page.tsx'
import { addressOf, FoundItems } from '../components/found-items.tsx'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { Proof } from '../components/proof.tsx'
import { ProvenanceLink } from '../components/provenance-link.tsx'
import { Empty, Loading } from '../components/state.tsx'
import { Tags } from '../components/tags.tsx'
import { formatBytes, formatCount, shortId } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

/** One item: what it says, what it holds, and whether its signature is right. */
export function ItemPage({ id }: { id: string }) {
  useTitle(`Item ${shortId(id)}`)
  const found = useLoad(id, (signal) => findItem(id, signal))
  if (found.error !== undefined) {
    return <FailedPage kind="Item" id={id} error={found.error} onRetry={found.reload} />
  }
  if (found.isLoading) return <Loading rows={8} />
  if (found.value === undefined) {
    return (
      <>
        <PageHead kind="Item" title={shortId(id)}>
          <Id id={id} whole />
        </PageHead>
        <Empty title="Not here">
          This node holds no item of that id. If it was signed a moment ago, look again: what is
          kept shows once it is indexed.
        </Empty>
      </>
    )
  }
  return <KnownItem item={found.value} />
}

function KnownItem({ item }: { item: Found }) {
  const { id, tags, data, owner, recipient, block, bundledIn } = item
  const title = tagValue(tags, 'Name') ?? tagValue(tags, 'Title') ?? shortId(id)
  const names = useNames([recipient])
  const own = addressOf(item, typeof names.get(recipient) === 'string')
  const isBundle = tagValue(tags, 'Bundle-Format') !== undefined
  return (
    <>
      <PageHead kind="Item" title={title} actions={<ProvenanceLink id={id} />}>
        <Id id={id} whole />
      </PageHead>
      {own !== paths.item(id) && (
        <p class="callout">
          This is a {tagValue(tags, 'Type')?.toLowerCase()}: <Link to={own}>see it as one</Link>.
        </p>
      )}
      <div class="columns">
        <Panel title="About">
          <Facts
            facts={[
              ['Owner', <Id id={owner.address} to={paths.account(owner.address)} copy />],
              recipient !== '' && ['To', <Id id={recipient} to={paths.search(recipient)} copy />],
              ['Size', formatBytes(Number(data.size))],
              ['Type', tagValue(tags, 'Content-Type') ?? data.type ?? 'not said'],
              ['Block', block === null ? 'not yet' : formatCount(block.height)],
              bundledIn !== null && [
                'In bundle',
                <Id id={bundledIn.id} to={paths.item(bundledIn.id)} copy />,
              ],
            ]}
          />
        </Panel>
        <Proof id={id} />
      </div>
      <Content id={id} sizeBytes={Number(data.size)} type={tagValue(tags, 'Content-Type') ?? ''} />
      {isBundle && (
        <Panel title="In this bundle">
          <FoundItems
            filter={{ bundledIn: [id] }}
            label="Items of the bundle"
            empty={<Empty title="Empty">No item of this bundle could be read.</Empty>}
          />
        </Panel>
      )}
      <Panel title="Tags">
        <Tags tags={tags} />
      </Panel>
    </>
  )
}
