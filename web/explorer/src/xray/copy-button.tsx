import { useRef, useState } from 'react';

/** Copies a text and says so. Where the browser gives no clipboard, as on plain HTTP, it selects the text instead. */
export function CopyButton({ text, source }: { text: string; source: React.RefObject<HTMLElement | null> }) {
  const [said, setSaid] = useState('');
  const timer = useRef<number>(undefined);
  const say = (words: string) => {
    setSaid(words);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setSaid(''), 2_000);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied');
    } catch {
      if (source.current) getSelection()?.selectAllChildren(source.current);
      say('Selected: press Ctrl-C');
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={copy}>
        Copy
      </button>
      <span className="said" role="status">
        {said}
      </span>
    </>
  );
}
