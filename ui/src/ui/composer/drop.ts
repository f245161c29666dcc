import { useEffect, useRef, useState } from "preact/hooks";

/**
 * Take files that are dropped anywhere on the chat.
 *
 * @returns Whether files are being held over it.
 */
export function useFileDrop(
  inside: { current: HTMLElement | null },
  isEnabled: boolean,
  onFiles: (files: readonly File[]) => void,
): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const area = inside.current?.closest<HTMLElement>(".app");
    if (!area || !isEnabled) return;
    const over = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent) => {
      if (!area.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const dropped = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    area.addEventListener("dragover", over);
    area.addEventListener("dragleave", left);
    area.addEventListener("drop", dropped);
    return () => {
      area.removeEventListener("dragover", over);
      area.removeEventListener("dragleave", left);
      area.removeEventListener("drop", dropped);
    };
  }, [inside, isEnabled]);
  return isOver;
}

/** Text that is dragged is the browser's to put into the message. */
function holdsFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}
