//! Stacks of grey images as one DICOM file: Multi-frame Grayscale Word Secondary Capture (DICOM PS3.3 section
//! A.8.4), explicit VR little endian (PS3.5 annex A.2), with the file header of PS3.10 section 7.

use std::io::{self, Write};

use rand_chacha::rand_core::Rng;

use super::Subject;

const STREAM: u64 = 2;
/// Pixels along each side of a frame.
const SIDE: u16 = 512;
/// Two bytes a pixel.
const FRAME_LEN: u64 = 2 * SIDE as u64 * SIDE as u64;
/// Highest value of 12 bits.
const WHITE: u32 = 4095;

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7.3";
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";

/// Writes as many frames as have at least `pixel_bytes` bytes together, one at least.
///
/// # Errors
/// Those of `out`; [`io::ErrorKind::InvalidInput`] for more than DICOM's 4 GiB in one element.
pub(crate) fn write_image_stack(
    subject: &Subject,
    pixel_bytes: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    let frames = pixel_bytes.div_ceil(FRAME_LEN).max(1);
    let too_long = |_| io::Error::new(io::ErrorKind::InvalidInput, "more than one file can hold");
    let length = u32::try_from(frames * FRAME_LEN).map_err(too_long)?;
    let mut random = subject.random(STREAM);
    let [instance, study, series] = std::array::from_fn(|_| uid(&mut random));

    out.write_all(&[0; 128])?;
    out.write_all(b"DICM")?;
    let meta = meta(&instance);
    Element(0x0002, 0x0000, b"UL").write(
        out,
        &u32::try_from(meta.len()).map_err(too_long)?.to_le_bytes(),
    )?;
    out.write_all(&meta)?;
    write_attributes(subject, frames, &[instance, study, series], out)?;
    out.write_all(&[0xe0, 0x7f, 0x10, 0x00])?;
    out.write_all(b"OW\0\0")?;
    out.write_all(&length.to_le_bytes())?;
    (0..frames).try_for_each(|frame| out.write_all(&pixels(&mut random, frame, frames)))
}

/// A data element of at most 65,534 bytes: tag and value representation (PS3.5 section 7.1.2).
struct Element(u16, u16, &'static [u8; 2]);

impl Element {
    fn write(&self, out: &mut impl Write, value: &[u8]) -> io::Result<()> {
        out.write_all(&self.0.to_le_bytes())?;
        out.write_all(&self.1.to_le_bytes())?;
        out.write_all(self.2)?;
        // Values have an even length; UIDs are filled up with a zero, text with a space (PS3.5 section 6.2).
        let odd = value.len() % 2 == 1;
        let length = u16::try_from(value.len() + usize::from(odd)).map_err(io::Error::other)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(value)?;
        let filler: &[u8] = if self.2 == b"UI" { &[0] } else { b" " };
        out.write_all(if odd { filler } else { &[] })
    }
}

/// The file's own header, without its first element, which is the header's length.
fn meta(instance: &str) -> Vec<u8> {
    // OB has a length of four bytes, after two that are reserved.
    let mut meta = [
        &[0x02, 0x00, 0x01, 0x00][..],
        b"OB\0\0",
        &2u32.to_le_bytes(),
        &[0, 1],
    ]
    .concat();
    let texts = [
        (0x0002, SECONDARY_CAPTURE),
        (0x0003, instance),
        (0x0010, EXPLICIT_LITTLE_ENDIAN),
        (0x0012, "2.25.1"),
    ];
    for (element, text) in texts {
        let written = Element(0x0002, element, b"UI").write(&mut meta, text.as_bytes());
        written.expect("a Vec takes everything and the texts are short");
    }
    meta
}

fn write_attributes(
    subject: &Subject,
    frames: u64,
    [instance, study, series]: &[String; 3],
    out: &mut impl Write,
) -> io::Result<()> {
    let person = format!("{}^{}", subject.family, subject.given);
    let number = format!("P{:06}", subject.seed % 1_000_000);
    let born = subject.born.replace('-', "");
    let frames = frames.to_string();
    let side = SIDE.to_le_bytes();
    let us = |number: u16| number.to_le_bytes();
    let attributes: [(Element, &[u8]); 35] = [
        (Element(0x0008, 0x0008, b"CS"), b"DERIVED\\SECONDARY"),
        (Element(0x0008, 0x0016, b"UI"), SECONDARY_CAPTURE.as_bytes()),
        (Element(0x0008, 0x0018, b"UI"), instance.as_bytes()),
        (Element(0x0008, 0x0020, b"DA"), b"20260302"),
        (Element(0x0008, 0x0030, b"TM"), b"091500"),
        (Element(0x0008, 0x0050, b"SH"), b""),
        (Element(0x0008, 0x0060, b"CS"), b"OT"),
        (Element(0x0008, 0x0064, b"CS"), b"SYN"),
        (Element(0x0008, 0x0090, b"PN"), b""),
        (Element(0x0010, 0x0010, b"PN"), person.as_bytes()),
        (Element(0x0010, 0x0020, b"LO"), number.as_bytes()),
        (Element(0x0010, 0x0030, b"DA"), born.as_bytes()),
        (Element(0x0010, 0x0040, b"CS"), b"O"),
        (Element(0x0018, 0x1063, b"DS"), b"100"),
        (Element(0x0020, 0x000d, b"UI"), study.as_bytes()),
        (Element(0x0020, 0x000e, b"UI"), series.as_bytes()),
        (Element(0x0020, 0x0010, b"SH"), b"1"),
        (Element(0x0020, 0x0011, b"IS"), b"1"),
        (Element(0x0020, 0x0013, b"IS"), b"1"),
        (Element(0x0020, 0x0020, b"CS"), b""),
        (Element(0x0028, 0x0002, b"US"), &us(1)),
        (Element(0x0028, 0x0004, b"CS"), b"MONOCHROME2"),
        (Element(0x0028, 0x0008, b"IS"), frames.as_bytes()),
        (Element(0x0028, 0x0009, b"AT"), &[0x18, 0x00, 0x63, 0x10]),
        (Element(0x0028, 0x0010, b"US"), &side),
        (Element(0x0028, 0x0011, b"US"), &side),
        (Element(0x0028, 0x0100, b"US"), &us(16)),
        (Element(0x0028, 0x0101, b"US"), &us(12)),
        (Element(0x0028, 0x0102, b"US"), &us(11)),
        (Element(0x0028, 0x0103, b"US"), &us(0)),
        (Element(0x0028, 0x0301, b"CS"), b"NO"),
        (Element(0x0028, 0x1052, b"DS"), b"0"),
        (Element(0x0028, 0x1053, b"DS"), b"1"),
        (Element(0x0028, 0x1054, b"LO"), b"US"),
        (Element(0x2050, 0x0020, b"CS"), b"IDENTITY"),
    ];
    attributes
        .iter()
        .try_for_each(|(element, value)| element.write(out, value))
}

/// One slice through a ball of tissue, with the noise of a scanner.
fn pixels(random: &mut impl Rng, frame: u64, frames: u64) -> Vec<u8> {
    let mut noise = vec![0; usize::from(SIDE) * usize::from(SIDE)];
    random.fill_bytes(&mut noise);
    let side = i64::from(SIDE);
    // How far the slice is from the middle of the ball, in pixels.
    let height = (2 * frame as i64 - frames as i64) * side / (3 * frames as i64);
    let inside = side * side / 9 - height * height;
    let grey = |(at, noise): (usize, u8)| {
        let (x, y) = (at as i64 % side - side / 2, at as i64 / side - side / 2);
        let distance = x * x + y * y;
        let tissue = if distance >= inside {
            0
        } else {
            WHITE / 2 + (distance * 800 / inside.max(1)) as u32
        };
        ((tissue + u32::from(noise)).min(WHITE) as u16).to_le_bytes()
    };
    noise.into_iter().enumerate().flat_map(grey).collect()
}

/// A UID made of a random number (PS3.5 annex B.2).
fn uid(random: &mut impl Rng) -> String {
    let number = u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
    format!("2.25.{number}")
}
