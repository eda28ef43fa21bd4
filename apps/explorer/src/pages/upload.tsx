import { useState } from 'preact/hooks'
import { uploadSnippets } from '../act/snippets.ts'
import { parseTags } from '../act/tags-text.ts'
import { useAction } from '../act/use-action.ts'
import { AsCode } from '../components/as-code.tsx'
import { TextField } from '../components/fields.tsx'
import { Id } from '../components/id.tsx'
import { NeedWallet } from '../components/need-wallet.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Failure } from '../components/state.tsx'
import { formatBytes } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'

const opaque = 'application/octet-stream'

/** Keeps a file as a signed item. */
export function UploadPage() {
  useTitle('Upload')
  const account = useAccount()
  const [file, setFile] = useState<File>()
  const [tagText, setTagText] = useState('')
  const [part, setPart] = useState(0)
  const uploading = useAction<string>()
  const type = file?.type || opaque
  const upload = () =>
    uploading.run(async (signal) => {
      if (account === undefined || file === undefined) throw new Error('choose a file and a wallet')
      setPart(0)
      const { uploadFile } = await import('../act/upload.ts')
      const tags = [{ name: 'Content-Type', value: type }, ...parseTags(tagText)]
      return uploadFile(file, tags, account.signer, signal, (sent, total) => setPart(sent / total))
    })
  return (
    <>
      <PageHead kind="Act" title="Upload">
        <p class="lead">A file becomes a signed item, named by the hash of its signature.</p>
      </PageHead>
      {account === undefined && <NeedWallet />}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          upload()
        }}
      >
        <label
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault()
            setFile(event.dataTransfer?.files[0])
          }}
        >
          <span>
            {file === undefined
              ? 'Choose a file or drop it here'
              : `${file.name}, ${formatBytes(file.size)}`}
          </span>
          <input type="file" onChange={(event) => setFile(event.currentTarget.files?.[0])} />
        </label>
        <TextField
          label={`Tags, one a line, beside Content-Type: ${type}`}
          value={tagText}
          onInput={setTagText}
          placeholder="Title: A picture"
        />
        <p class="actions">
          <button
            type="submit"
            class="button button-primary"
            disabled={account === undefined || file === undefined || uploading.isBusy}
          >
            Sign and upload
          </button>
        </p>
        {uploading.isBusy && (
          <label class="field">
            <span>{part < 1 ? `${Math.round(part * 100)} % sent` : 'being made durable …'}</span>
            <progress value={part} max={1} />
          </label>
        )}
      </form>
      <div aria-live="polite">
        {uploading.error !== undefined && <Failure error={uploading.error} />}
        {uploading.value !== undefined && (
          <Panel title="Kept">
            <p class="pad">
              <Id id={uploading.value} to={paths.item(uploading.value)} whole />{' '}
              <Link to={paths.item(uploading.value)}>See it</Link>
            </p>
          </Panel>
        )}
      </div>
      <AsCode snippets={uploadSnippets(location.origin, type)} />
    </>
  )
}
