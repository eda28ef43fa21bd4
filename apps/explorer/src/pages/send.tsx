import type { ReadResult, SlotResult } from '@heddle/sdk'
import { useState } from 'preact/hooks'
import { sendSnippets } from '../act/snippets.ts'
import { parseTags } from '../act/tags-text.ts'
import { useAction } from '../act/use-action.ts'
import { AsCode } from '../components/as-code.tsx'
import { TextField } from '../components/fields.tsx'
import { NeedWallet } from '../components/need-wallet.tsx'
import { PageHead } from '../components/panel.tsx'
import { ProcessField } from '../components/process-field.tsx'
import { ResultPanel } from '../components/result-panel.tsx'
import { Failure } from '../components/state.tsx'
import { formatDuration, isId } from '../format.ts'
import { setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'
import { tagsOrNone } from './spawn.tsx'

type Outcome = { readonly result: ReadResult | SlotResult; readonly tookMs: number }

/** Sends a message to a process, or asks it without a trace. */
export function SendPage({ query }: { query: URLSearchParams }) {
  useTitle('Send')
  const processId = query.get('process') ?? ''
  const action = query.get('action') ?? ''
  const [tagText, setTagText] = useState('')
  const [data, setData] = useState('')
  const [isDryRun, setDryRun] = useState(false)
  const account = useAccount()
  const sending = useAction<Outcome>()
  const send = (dryRun: boolean) => {
    setDryRun(dryRun)
    sending.run(async (signal) => {
      const { createClient } = await import('@heddle/sdk')
      const signer = account === undefined ? {} : { signer: account.signer }
      const handle = createClient({ url: location.origin, ...signer }).process(processId)
      const message = {
        ...(action === '' ? {} : { action }),
        tags: parseTags(tagText),
        data,
        signal,
      }
      const sinceMs = performance.now()
      const result = dryRun ? await handle.read(message) : await handle.send(message)
      return { result, tookMs: performance.now() - sinceMs }
    })
  }
  const isReady = isId(processId) && !sending.isBusy
  return (
    <>
      <PageHead kind="Act" title="Send a message">
        <p class="lead">A dry-run asks the newest state and leaves no trace; it needs no wallet.</p>
      </PageHead>
      {account === undefined && <NeedWallet />}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          send(account === undefined)
        }}
      >
        <ProcessField processId={processId} />
        <label class="field">
          <span>Action</span>
          <input
            value={action}
            placeholder="Get"
            onInput={(event) => setQuery('action', event.currentTarget.value)}
          />
        </label>
        <TextField
          label="Tags, one a line"
          value={tagText}
          onInput={setTagText}
          placeholder="By: 2"
        />
        <TextField label="Data" value={data} onInput={setData} rows={4} isCode />
        <p class="actions">
          <button
            type="button"
            class="button button-primary"
            disabled={!isReady || account === undefined}
            onClick={() => send(false)}
          >
            Sign and send
          </button>
          <button type="button" class="button" disabled={!isReady} onClick={() => send(true)}>
            Dry-run
          </button>
          {sending.isBusy && <span class="quiet">waiting for the result …</span>}
        </p>
      </form>
      <div aria-live="polite">
        {sending.error !== undefined && <Failure error={sending.error} />}
        {sending.value !== undefined && (
          <ResultPanel
            title={isDryRun ? 'A dry-run says' : 'Result'}
            aside={formatDuration(sending.value.tookMs)}
            result={sending.value.result}
          />
        )}
      </div>
      <AsCode
        snippets={sendSnippets(
          location.origin,
          { processId: processId || 'PROCESS', action, tags: tagsOrNone(tagText), data },
          isDryRun,
        )}
      />
    </>
  )
}
