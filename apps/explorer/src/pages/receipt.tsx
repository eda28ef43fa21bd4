import { useLoad } from '../api/load.ts'
import type { OpenedReceipt } from '../api/receipts.ts'
import { tagValue } from '../api/units.ts'
import { Data } from '../components/code.tsx'
import { FailedPage } from '../components/failed-page.tsx'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { ProvenanceLink } from '../components/provenance-link.tsx'
import { ReplayPanel } from '../components/replay-panel.tsx'
import { Loading } from '../components/state.tsx'
import { Tags } from '../components/tags.tsx'
import { formatBytes, formatCount, shortId } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { useTitle } from '../title.ts'

/** One receipt: what was asked and answered, and its replay in this browser. */
export function ReceiptPage({ id }: { id: string }) {
  useTitle(`Receipt ${shortId(id)}`)
  const { value, error, reload } = useLoad(id, async (signal) => {
    const { openReceipt } = await import('../api/receipts.ts')
    return openReceipt(id, signal)
  })
  if (error !== undefined) {
    return <FailedPage kind="Receipt" id={id} error={error} onRetry={reload} />
  }
  if (value === undefined) return <Loading rows={8} />
  return <KnownReceipt opened={value} />
}

function KnownReceipt({ opened }: { opened: OpenedReceipt }) {
  const { itemId, tags, receipt, texts, model } = opened
  return (
    <>
      <PageHead
        kind="Receipt"
        title={model === undefined ? shortId(itemId) : `An answer of ${model.name}`}
        actions={<ProvenanceLink id={itemId} />}
      >
        <Id id={itemId} whole />
      </PageHead>
      <div class="columns">
        <div class="stack">
          <Panel title="Question and answer">
            {texts === undefined ? (
              <p class="pad quiet">
                The tokenizer is inside the weights: a replay shows the answer.
              </p>
            ) : (
              <>
                <Data text={texts.prompt} label="Asked" />
                <Data text={texts.answer} label="Answered" />
              </>
            )}
          </Panel>
          <ReplayPanel id={itemId} steps={receipt.tokens.length} />
        </div>
        <Panel title="About">
          <About opened={opened} />
        </Panel>
      </div>
      <Panel title="Tags">
        <Tags tags={tags} />
      </Panel>
    </>
  )
}

const finishes = { end: 'the model ended it', stop: 'a stop text came', length: 'its length' }

function About({ opened }: { opened: OpenedReceipt }) {
  const { signer, tags, receipt, model } = opened
  const { sampling, tokens, prompt, gasUsed, finish, precision, context } = receipt
  const process = tagValue(tags, 'Process')
  const slot = tagValue(tags, 'Slot')
  const names = useNames([process ?? ''])
  const isGreedy = sampling.temperature === 0
  return (
    <Facts
      facts={[
        ['Signed by', <Id id={signer} to={paths.account(signer)} copy />],
        model !== undefined && [
          'Model',
          <Id id={model.id} name={model.name} to={paths.item(model.id)} copy />,
        ],
        model !== undefined && ['Weights', `${formatBytes(model.sizeBytes)}, ${precision}`],
        process !== undefined && [
          'Process',
          <>
            <Id id={process} name={names.get(process)} to={paths.process(process)} />
            {slot !== undefined && <span class="quiet"> slot {slot}</span>}
          </>,
        ],
        ['Tokens', `${formatCount(prompt.length)} asked, ${formatCount(tokens.length)} answered`],
        ['Ended by', finishes[finish]],
        [
          'Chance',
          isGreedy
            ? 'none: the likeliest token'
            : `temperature ${sampling.temperature}, top ${sampling.topP}, seed ${sampling.seed}`,
        ],
        ['Context', formatCount(context)],
        ['Gas', formatCount(gasUsed)],
      ]}
    />
  )
}
