"""What the paper reports, table by table and figure by figure, and which of our measurements answers to it.

Knows the paper's own numbers (typed from it, each with its place) and names of our metrics. Knows no results
of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FULL_SCALE: Final = "needs SEED-X's own weights"


@dataclass(frozen=True, kw_only=True)
class Number:
    """One line of a comparison.

    Args:
        label: what is measured.
        paper: the paper's value as printed; "" where it has none.
        metric: ours, in the claim's suite; for the human study QUESTION.OUTCOME. "" where nothing of ours
            answers to it.
        note: why there is none.
    """

    label: str
    paper: str = ""
    metric: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A table or figure.

    Args:
        place: in the paper.
        shows: what it shows, in our words.
        suite: the suite that measures it, or "study" for the human study.
        numbers: the comparison.
        options: of the command, beside model, num and seed.
        model: the folder's name when it is not the finished model that is measured.
    """

    place: str
    shows: str
    suite: str
    numbers: tuple[Number, ...]
    options: str = ""
    model: str = ""


def _detokenizers() -> tuple[Number, ...]:
    return (
        Number(
            label="UNet, tokens alone (SDXL stage 1)",
            paper="10.72 dB",
            metric="unet_stage1.one_person.psnr_db",
        ),
        Number(
            label="UNet, condition image (SDXL stage 2)",
            paper="11.02 dB",
            metric="unet_stage2.one_person.psnr_db",
        ),
        Number(
            label="the same, shown an unrelated picture", metric="unet_stage2_unrelated.one_person.psnr_db"
        ),
        Number(label="DiT, natural pictures", paper="14.74 dB", metric="dit_natural.one_person.psnr_db"),
        Number(label="DiT, human pictures", paper="14.50 dB", metric="dit_64.one_person.psnr_db"),
        Number(label="the same, close-ups", metric="dit_64.close_up.psnr_db"),
        Number(label="the same, two persons", metric="dit_64.two_person.psnr_db"),
        Number(label="bound: the autoencoder alone", metric="autoencoder.one_person.psnr_db"),
        Number(label="floor: the mean colour", metric="flat.one_person.psnr_db"),
    )


def _likeness_by_stage() -> tuple[Number, ...]:
    paper = {"baseline": ".114", "prompt": ".151", "stage1": ".597", "stage2": ".327", "stage3": ".293"}
    words = {
        "baseline": "baseline",
        "prompt": "+ identity phrases",
        "stage1": "stage 1",
        "stage2": "stage 2",
        "stage3": "stage 3",
    }
    return (
        *(
            Number(label=words[stage], paper=value, metric=f"{stage}.paired.face_similarity")
            for stage, value in paper.items()
        ),
        Number(label="the model as it ships", metric="model.paired.face_similarity"),
        Number(label="the same, + identity phrases", metric="model_prompt.paired.face_similarity"),
        Number(label="the model as it ships: copy-paste", metric="model.paired.copy_paste"),
        Number(label="ceiling: the true picture", metric="true_picture.paired.face_similarity"),
    )


CLAIMS: Final = (
    Claim(
        place="Figure 2, Section 3.1",
        shows="Detokenizers rebuild a picture from its image tokens; PSNR, there on a part of COCO 2014.",
        suite="reconstruct",
        options="--also dit_natural=FOLDER --also unet_stage1=FOLDER --also unet_stage2=FOLDER",
        numbers=_detokenizers(),
    ),
    Claim(
        place="Figure 12, Section 7",
        shows="More image tokens keep more of a face. The paper shows pictures only.",
        suite="reconstruct",
        options="--also dit_256=FOLDER",
        numbers=(
            Number(label="64 tokens: face similarity, close-ups", metric="dit_64.close_up.face_similarity"),
            Number(label="256 tokens: face similarity, close-ups", metric="dit_256.close_up.face_similarity"),
            Number(
                label="64 tokens: face similarity, two persons", metric="dit_64.two_person.face_similarity"
            ),
            Number(
                label="256 tokens: face similarity, two persons", metric="dit_256.two_person.face_similarity"
            ),
        ),
    ),
    Claim(
        place="Figure 3, Section 3.2",
        shows="Likeness of a given face by stage of training; the paper's ArcFace score.",
        suite="personalize",
        options="--also baseline=FOLDER --also stage1=FOLDER --also stage2=FOLDER --also stage3=FOLDER",
        numbers=_likeness_by_stage(),
    ),
    Claim(
        place="Section 4.2, Figures 6, 11",
        shows="Personalization in one round against SEED-X without fine-tuning: likeness and text.",
        suite="personalize",
        numbers=(
            Number(label="SEED-X: face similarity", paper=".094", note=FULL_SCALE),
            Number(label="ours: face similarity", paper=".293", metric="model.paired.face_similarity"),
            Number(label="SEED-X: CLIP score", paper="28.36", note=FULL_SCALE),
            Number(label="ours: CLIP score", paper="28.59", metric="model.paired.clip_score"),
            Number(label="ours: traits told that are seen", metric="model.paired.traits"),
        ),
    ),
    Claim(
        place="Table 1",
        shows="People compare ours with SEED-X, pair by pair: we win, we lose, tie.",
        suite="study",
        numbers=tuple(
            Number(label=f"{name}: {outcome}", paper=value, metric=f"{question}.{key}")
            for question, name, values in (
                ("quality", "quality", ("73.75%", "3.75%", "22.5%")),
                ("alignment", "alignment", ("36.25%", "15%", "48.75%")),
                ("face", "face", ("71.25%", "2.5%", "26.25%")),
            )
            for (outcome, key), value in zip(
                (("wins", "win"), ("loses", "lose"), ("ties", "tie")), values, strict=True
            )
        ),
    ),
    Claim(
        place="Figures 4, 7, 13",
        shows="Two named people, then a close-up of each by name. The paper judges by eye.",
        suite="named",
        numbers=(
            Number(label="right person, after its own first picture", metric="own_first.right_person"),
            Number(label="right person, after the true first picture", metric="true_first.right_person"),
            Number(label="the same, people of equal traits", metric="true_first.shared_traits.right_person"),
            Number(label="right person, at once", metric="true_first.distance_1.right_person"),
            Number(label="right person, six rounds later", metric="true_first.distance_6.right_person"),
            Number(label="lost on the way, task by task", metric="true_first.lost_by_distance"),
            Number(
                label="face similarity to other pictures of the person", metric="true_first.face_similarity"
            ),
            Number(
                label="traits told that are seen in its first picture", metric="first_picture.traits_seen"
            ),
            Number(label="the answer names the right person", metric="own_first.names_person"),
        ),
    ),
    Claim(
        place="Figure 16",
        shows="Without multi-round training the first picture is ignored. Here: the checkpoint before it.",
        suite="named",
        model="stage3",
        numbers=(
            Number(label="right person, after its own first picture", metric="own_first.right_person"),
            Number(label="right person, after the true first picture", metric="true_first.right_person"),
        ),
    ),
    Claim(
        place="Figures 8, 14, Section 8",
        shows="The same with full-body pictures in new clothes. The paper judges by eye.",
        suite="full-body",
        numbers=(
            Number(label="right person, after its own first picture", metric="own_first.right_person"),
            Number(label="right person, after the true first picture", metric="true_first.right_person"),
            Number(label="face similarity, after its own first picture", metric="own_first.face_similarity"),
            Number(label="garments told that are seen", metric="own_first.garments_seen"),
            Number(label="framing as asked", metric="own_first.framing_right"),
        ),
    ),
    Claim(
        place="Figure 10, Section 7",
        shows="Encoding and decoding again and again loses the picture; cached image tokens do not. PSNR to "
        "round 1, in dB. The paper shows pictures only.",
        suite="drift",
        numbers=(
            Number(label="re-encoded, after 5 rounds", metric="loop.reencode.round_5.psnr_db"),
            Number(label="re-encoded, after 10 rounds", metric="loop.reencode.round_10.psnr_db"),
            Number(label="cached tokens, after 5 rounds", metric="loop.cache.round_5.psnr_db"),
            Number(label="cached tokens, after 10 rounds", metric="loop.cache.round_10.psnr_db"),
            Number(
                label="conversation, token cache: likeness lost", metric="chat.cache.face_similarity.lost"
            ),
            Number(
                label="conversation, re-encoded: likeness lost", metric="chat.reencode.face_similarity.lost"
            ),
            Number(label="re-encoded, dB a round", metric="loop.reencode.psnr_db.drift_per_round"),
            Number(label="cached tokens, dB a round", metric="loop.cache.psnr_db.drift_per_round"),
        ),
    ),
    Claim(
        place="Figure 15, Section 8",
        shows="One open prompt run twice: other people, consistent within a run. The paper judges by eye.",
        suite="twice",
        numbers=(
            Number(
                label="same person within a run, regression", metric="regression.within_run.face_similarity"
            ),
            Number(label="same person within a run, flow", metric="flow.within_run.face_similarity"),
            Number(label="diversity across runs, regression", metric="regression.across_runs.diversity"),
            Number(label="diversity across runs, flow", metric="flow.across_runs.diversity"),
            Number(
                label="diversity of strangers with equal traits", metric="true_picture.across_runs.diversity"
            ),
        ),
    ),
    Claim(
        place="Section 3.3.1",
        shows="Edits, one and in Markov chains: what earlier multi-turn sets hold. No numbers in the paper.",
        suite="editing",
        numbers=(
            Number(label="single edit: right state", metric="single_turn.right_state"),
            Number(label="single edit: made", metric="single_turn.change_made"),
            Number(label="single edit: PSNR, dB", metric="single_turn.psnr_db"),
            Number(label="chain of three: right state", metric="chain.right_state"),
            Number(label="chain of three: made", metric="chain.change_made"),
            Number(label="chain: PSNR, dB", metric="chain.psnr_db"),
        ),
    ),
    Claim(
        place="Section 3.3.3 and poster",
        shows="Rollback: going back by count, by content, to the first, and undoing; the ablation sees only "
        "the last round. No numbers in the paper.",
        suite="rollback",
        numbers=(
            Number(label="right state, whole history", metric="right_state"),
            Number(label="right state, history cut to the last round", metric="cut_history.right_state"),
            *(
                Number(label=f"right state, {family.replace('_', ' ')}", metric=f"{family}.right_state")
                for family in ("instead", "step_back", "first", "undo", "before", "after")
            ),
            Number(label="PSNR to the exact target, dB", metric="psnr_db"),
        ),
    ),
    Claim(
        place="Section 9",
        shows="Question answering is kept in the mix so that reasoning stays. No numbers in the paper.",
        suite="comprehend",
        numbers=(
            Number(label="answers", metric="question.answers"),
            Number(label="pointing: a box is given", metric="pointing.box_given"),
            Number(label="pointing: right person", metric="pointing.right_person"),
            Number(label="pointing: IoU", metric="pointing.iou"),
            Number(label="captions: traits named", metric="caption.traits_named"),
        ),
    ),
)
NOTHING_TO_MEASURE: Final = (
    "Figures 1, 5 and 9 draw the framework, the data and a prompt; there is nothing to measure."
)
