"""Taking a candidate home, in Korean."""

from __future__ import annotations

TAKE_HOME = "가져가기"
TAKE_HOME_HELP = "{rank}위 후보의 파일입니다. 버튼을 누를 때 만들며, ONNX와 동영상은 몇 초 걸립니다."
ALL = "모두 zip으로"
ALL_HELP = "여기서 만들 수 있는 모든 형식을 묶은 파일입니다."
