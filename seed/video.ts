import h264 from 'h264-mp4-encoder';

const width = 320;
const height = 180;
const framesPerSecond = 25;
const durationSeconds = 5;

/**
 * A silent trailer of five seconds as every browser plays it (H.264 Baseline in MP4): nested squares that turn at
 * different speeds, and a sun that crosses the sky. It takes a second or two to make; only the creation
 * time in the file differs from call to call.
 */
export async function trailerMp4(): Promise<Buffer> {
  const encoder = await h264.createH264MP4Encoder();
  try {
    Object.assign(encoder, { width, height, frameRate: framesPerSecond, quantizationParameter: 26, speed: 5 });
    encoder.groupOfPictures = framesPerSecond;
    encoder.initialize();
    const frames = framesPerSecond * durationSeconds;
    for (let frame = 0; frame < frames; frame++) encoder.addFrameRgba(drawFrame(frame / frames));
    encoder.finalize();
    return Buffer.from(encoder.FS.readFile(encoder.outputFilename));
  } finally {
    encoder.delete();
  }
}

type Colour = readonly [red: number, green: number, blue: number];

const night: Colour = [8, 14, 40];
const dawn: Colour = [190, 84, 70];
const sun: Colour = [255, 214, 120];
const light: Colour = [120, 220, 240];

/** One picture, `progress` from 0 to 1 through the film. */
function drawFrame(progress: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 4);
  const sunX = width * (-0.1 + 1.2 * progress);
  const sunY = height * (0.75 - 0.55 * Math.sin(Math.PI * progress));
  for (let y = 0; y < height; y++) {
    const sky = mix(night, dawn, (y / height) * Math.sin(Math.PI * progress));
    for (let x = 0; x < width; x++) {
      const sunlight = coverage(26 - Math.hypot(x - sunX, y - sunY));
      const lit = mix(sky, sun, sunlight);
      pixels.set(mix(lit, light, 0.85 * squareOutline(x - width / 2, y - height / 2, progress)), (y * width + x) * 4);
    }
  }
  return pixels;
}

/** How much of the pixel is on the outline of one of six nested squares, each turned further than the one outside it. */
function squareOutline(x: number, y: number, progress: number): number {
  let covered = 0;
  for (let ring = 0; ring < 6; ring++) {
    const angle = 2 * Math.PI * progress * 0.25 * (ring + 1);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const distance = Math.max(Math.abs(x * cos - y * sin), Math.abs(x * sin + y * cos));
    covered = Math.max(covered, coverage(1.5 - Math.abs(distance - (76 - ring * 13))));
  }
  return covered;
}

/** From a distance inside a shape to a share of the pixel, so that edges are smooth. */
const coverage = (inside: number) => Math.min(Math.max(inside + 0.5, 0), 1);

const mix = (from: Colour, to: Colour, share: number): Colour => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];
