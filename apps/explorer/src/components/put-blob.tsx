import { useState } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { request } from '../api/request.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { Panel } from './panel.tsx'
import { Failure } from './state.tsx'

const daySeconds = 86_400

/** Publishes a file to the storers; `onPut` is told once it is certified. */
export function PutBlob({ onPut }: { onPut(): void }) {
  const [file, setFile] = useState<File>()
  const [days, setDays] = useState(1)
  const putting = useAction<string>()
  const put = () =>
    putting.run(async (signal) => {
      if (file === undefined) throw new Error('choose a file first')
      const path = `/da/blobs?retention=${days * daySeconds}`
      const answer = await request(path, { method: 'POST', body: file, signal })
      const { commitment } = (await answer.json()) as { readonly commitment: string }
      onPut()
      return commitment
    })
  return (
    <Panel title="Put a blob">
      <form
        class="form pad"
        onSubmit={(event) => {
          event.preventDefault()
          put()
        }}
      >
        <input
          type="file"
          aria-label="File"
          onChange={(event) => setFile(event.currentTarget.files?.[0])}
        />
        <label class="field">
          <span>Kept for, days</span>
          <input
            type="number"
            min={1}
            value={days}
            onInput={(event) => setDays(Math.max(1, Number(event.currentTarget.value)))}
          />
        </label>
        <p class="actions">
          <button
            type="submit"
            class="button button-primary"
            disabled={file === undefined || putting.isBusy}
          >
            {putting.isBusy ? 'Being certified …' : 'Put'}
          </button>
        </p>
      </form>
      <div aria-live="polite">
        {putting.error !== undefined && <Failure error={putting.error} />}
        {putting.value !== undefined && (
          <p class="pad">
            Certified: <Link to={paths.blob(putting.value)}>see who holds it</Link>
          </p>
        )}
      </div>
    </Panel>
  )
}
