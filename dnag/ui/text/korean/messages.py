"""What the core says with values in it, in Korean: template -> translation, whose fields are the same.

See :mod:`dnag.ui.text.phrasebook` for what a field may hold.
"""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    # parts of messages: what stands in a field that is said as well
    "{low} to {high}": "{low}~{high}",
    "{low} to {high}, one for each class": "{low}~{high}, 클래스마다 하나",
    "{count} or more": "{count} 이상",
    "{count} to {high}, or 0 for the dataset's own": "{count}~{high}, 또는 데이터셋 그대로인 0",
    "{count} to {most} different ones": "서로 다른 값 {count}~{most}개",
    "{kind} from {span}": "{span} 범위의 {kind}",
    "a whole number, 1 or more": "1 이상의 정수",
    "a whole number": "정수",
    "a number": "수",
    "a finite number": "유한한 수",
    "a text": "글자",
    "a number above 0": "0보다 큰 수",
    "a number above 0, such as 1.0 or 1.2": "0보다 큰 수, 예: 1.0 또는 1.2",
    "a number from 0 to 100 (%)": "0~100의 수 (%)",
    "a number from 0 to 100 (%), or nothing": "0~100의 수 (%), 또는 빈칸",
    "more than {count}": "{count}보다 큰 수",
    "whole numbers": "정수",
    "whole numbers joined by -": "-로 이은 정수들",
    "a list of {count} numbers": "수 {count}개의 목록",
    "true or false": "true 또는 false",
    "up to {most}": "{most}까지",
    "up to {most} M": "{most}백만 픽셀까지",
    "up to {most} an image": "이미지마다 {most}까지",
    "{times} times its packed size": "압축 크기의 {times}배",
    "{width} × {height} pixels": "{width} × {height}픽셀",
    "{count} images": "이미지 {count}장",
    "1 image": "이미지 1장",
    "{count} files": "파일 {count}개",
    "1 file": "파일 1개",
    "{names} and {count} more": "{names} 외 {count}개",
    # settings
    "unknown {setting} {value}; allowed: {allowed}": "알 수 없는 {setting}: {value}; 허용: {allowed}",
    "{setting} is {value}; allowed: {allowed}": "{setting}: {value}; 허용: {allowed}",
    "{setting} has {what}; allowed: {allowed}": "{setting}: {what}; 허용: {allowed}",
    "unknown setting {setting}; allowed: {names}": "알 수 없는 설정: {setting}; 허용: {names}",
    "values of {setting} are {given}; allowed: {allowed}": "{setting} 값: {given}; 허용: {allowed}",
    "a value of {setting} is {value}; allowed: {allowed}": "{setting} 값: {value}; 허용: {allowed}",
    "{setting} has one value only here; allowed: {names}": "{setting}: 여기서는 값이 하나뿐입니다; 허용: {names}",
    "{setting} is {value}; {place} allows: {allowed}": "{setting}: {value}; {place}에서 허용: {allowed}",
    "unknown cost {name} for {place}; allowed: {names}": "{place}: 알 수 없는 비용 {name}; 허용: {names}",
    "{dataset} at {pixels} pixels, width {width}": "{dataset}, {pixels}픽셀, 폭 {width}",
    "{name} has no table for {place}; it has: width {widths}, resolution {pixels}": (
        "{name}: {place}의 표가 없습니다; 있는 표: 폭 {widths}, 이미지 크기 {pixels}"
    ),
    "no architecture of {space} has {name} of {limit} or less; the smallest has {smallest}": (
        "{space}: {name} {limit} 이하인 아키텍처가 없습니다; 가장 작은 값: {smallest}"
    ),
    "{setting} is {value}; allowed: NAME=NUMBER with a number above 0, such as macs_m=300": (
        "{setting}: {value}; 허용: 이름=수(0보다 큰 수), 예: macs_m=300"
    ),
    "{setting} names {name} twice; allowed: once": "{setting}: {name}이(가) 두 번 있습니다; 허용: 한 번",
    (
        "exact_values 'measured' needs a measured accuracy for every architecture on {dataset}; none is installed; "
        "allowed: predictor"
    ): (
        "exact_values 'measured'에는 {dataset}의 모든 아키텍처의 측정값이 필요하지만 설치되어 있지 않습니다; 허용: predictor"
    ),
    "guidance 'exact' needs a space that can be listed; {space} allows: calibrated, first_order": (
        "가이던스 'exact'는 모두 셀 수 있는 공간에서만 됩니다; {space}에서 허용: calibrated, first_order"
    ),
    "guidance 'exact' knows accuracy and budgets; {name} needs: calibrated, first_order": (
        "가이던스 'exact'는 정확도와 예산만 압니다; {name}에 필요한 것: calibrated, first_order"
    ),
    (
        "dataset is {dataset} with features {features}; a dataset of your own needs both: custom-CLASSES and the "
        "id of its features"
    ): ("데이터셋: {dataset}, 특징: {features}; 내 데이터셋에는 둘 다 필요합니다: custom-클래스수와 특징의 ID"),
    "minimize names {name}, which can only be maximized here; allowed: other costs": (
        "최소화: {name}은(는) 여기서 최대화만 할 수 있습니다; 허용: 다른 비용"
    ),
    "the run kept no trajectory": "이 실행에는 궤적이 남아 있지 않습니다",
    "{count} runs to compare; allowed: {allowed}": "비교할 실행 {count}개; 허용: {allowed}",
    "a sweep over {count} guidance scales; allowed: 2 or more different ones": "가이던스 스케일 {count}개; 허용: 서로 다른 2개 이상",
    "maximize is {value}; a sweep needs {name} in it": "최대화: {value}; 이 그래프에는 {name}이(가) 필요합니다",
    "{count} values; allowed: one for each of the {size} architectures": "값 {count}개; 허용: 아키텍처 {size}개마다 하나",
    "sde is {name}; the score network was trained for one noise process: {known}": (
        "SDE: {name}; 스코어 네트워크가 학습한 노이즈 과정: {known}"
    ),
    # architectures
    "{text} is not a NAS-Bench-201 cell; allowed: {form}": "{text}: NAS-Bench-201 셀이 아닙니다; 허용: {form}",
    "unknown operation {name}; allowed: {names}": "알 수 없는 연산: {name}; 허용: {names}",
    (
        "{text} has {count} tokens; allowed: {nodes} tokens d-ks-e joined by _, such as 3-7-6, and {empty} for an "
        "empty slot"
    ): ("{text}: 토큰 {count}개; 허용: _로 이은 d-ks-e 토큰 {nodes}개(예: 3-7-6), 빈자리는 {empty}"),
    "slot {slot} is {token}; allowed: {allowed}": "{slot} 자리: {token}; 허용: {allowed}",
    "d-ks-e, such as 3-7-6": "d-ks-e, 예: 3-7-6",
    "{token}, as its stage has depth {depth}": "{token} (단계의 깊이가 {depth})",
    "depth in slot {slot}": "{slot} 자리의 깊이",
    "kernel in slot {slot}": "{slot} 자리의 커널",
    "expansion in slot {slot}": "{slot} 자리의 확장 비율",
    "depth of stage {stage}": "{stage}단계의 깊이",
    "{text} is no dictionary; allowed: {form}": "{text}: 사전이 아닙니다; 허용: {form}",
    "{text} is no JSON ({reason}); allowed: {form}": "{text}: JSON이 아닙니다 ({reason}); 허용: {form}",
    "no {name}, only {found}; allowed: {form}": "{name}이(가) 없습니다. 있는 것: {found}; 허용: {form}",
    "{key} has {count} values; allowed: {length}": "{key}: 값 {count}개; 허용: {length}",
    "not an architecture of {space}: {error}": "{space}의 아키텍처가 아닙니다: {error}",
    "{space} has {size} architectures; enumeration stops at {most}": "{space}: 아키텍처 {size}개; 모두 세는 한도: {most}",
    "node {node} cannot have operation {op}; allowed: nodes 0 to {last} with one of their operations": (
        "{node}번 노드에는 연산 {op}을(를) 쓸 수 없습니다; 허용: 0~{last}번 노드와 그 연산들"
    ),
    "unknown dataset {name} for {space}; allowed: {names}": "{space}: 알 수 없는 데이터셋 {name}; 허용: {names}",
    "width is {width}, cells is {cells}; networks of {space} come in one size only": (
        "폭 {width}, 셀 {cells}; {space}의 네트워크는 크기가 하나뿐입니다"
    ),
    "width is {width}; networks of {space} come in width 1 only": "폭: {width}; {space}의 네트워크는 폭이 1뿐입니다",
    "width is {width}; allowed: {least} or more, one channel of {channels}": (
        "폭: {width}; 허용: {least} 이상, 채널 {channels}개 가운데 하나"
    ),
    "image size is {size}; networks of {space} halve it twice, so allowed: 4, 8, ...": (
        "이미지 크기: {size}; {space}의 네트워크는 크기를 두 번 반으로 줄입니다; 허용: 4, 8, ..."
    ),
    # models
    "no checkpoint {file} in {folder}": "{folder}에 체크포인트 {file}이(가) 없습니다",
    "{file} is a pickle, which could run code; allowed: dnag safetensors files": (
        "{file}: 코드를 실행할 수 있는 pickle 파일입니다; 허용: dnag의 safetensors 파일"
    ),
    "{file} is damaged or no safetensors file: {error}": "{file}: 손상되었거나 safetensors 파일이 아닙니다: {error}",
    "{file} is a safetensors file without a dnag header": "{file}: dnag 헤더가 없는 safetensors 파일입니다",
    "{file} has a damaged header: {error}": "{file}: 헤더가 손상되었습니다: {error}",
    "{file} has format {found}; this version reads format {format}": "{file}: 형식 {found}; 이 버전이 읽는 형식: {format}",
    "{file} has a header without {names}": "{file}: 헤더에 {names}이(가) 없습니다",
    "{file} is a {kind} checkpoint; wanted: {wanted}": "{file}: 체크포인트의 종류가 {kind}입니다; 필요한 것: {wanted}",
    "{file} belongs to search space {space}; wanted: {wanted}": "{file}: 탐색 공간이 {space}입니다; 필요한 것: {wanted}",
    "{file} belongs to an {error}": "{file}: {error}",
    "{file} does not hold the weights its header describes: {error}": "{file}: 헤더가 말하는 가중치가 들어 있지 않습니다: {error}",
    "network class {name} needs a search space; the file names none": "네트워크 {name}에는 탐색 공간이 필요하지만 파일에 적혀 있지 않습니다",
    "unknown network class {name}; allowed: {names}": "알 수 없는 네트워크: {name}; 허용: {names}",
    "no predictor is installed for {space}; train one, or use guidance scale 0": (
        "{space}의 예측기가 설치되어 있지 않습니다. 하나를 학습하거나 가이던스 스케일을 0으로 하세요"
    ),
    "no predictor is installed for {space}; python -m dnag train predictor makes one": (
        "{space}의 예측기가 설치되어 있지 않습니다. python -m dnag train predictor로 만들 수 있습니다"
    ),
    "the predictor does not know dataset {name}; allowed: {names}": "예측기가 모르는 데이터셋: {name}; 허용: {names}",
    "features of {extractor}, {width} wide; the meta-predictor of {space} reads: {wanted}, {wide} wide": (
        "{extractor}의 특징입니다 (너비 {width}); {space}의 메타 예측기가 읽는 것: {wanted} (너비 {wide})"
    ),
    "features of {extractor}; the map of classes reads: {wanted}": "{extractor}의 특징입니다; 클래스 지도가 읽는 것: {wanted}",
    (
        "{space} has no meta-predictor, so {dataset} stands for your dataset. What is missing is {file}; to train "
        "one takes accuracies of its networks on many datasets."
    ): (
        "{space}에는 메타 예측기가 없어 {dataset}(으)로 내 데이터셋을 대신합니다. 없는 파일은 {file}이며, 학습하려면 여러 데이터셋에서 잰 네트워크의 정확도가 필요합니다."
    ),
    # measured values
    "{column} and one or more of {names}": "{column}, 그리고 {names} 가운데 하나 이상",
    (
        "{dataset}: no measured value installed{found}. To add one, set {variable} to {official}a CSV file with "
        "the columns {column} and {name} (test accuracy in %){others}, and start again."
    ): (
        "{dataset}: 설치된 측정값이 없습니다{found}. 추가하려면 {variable}에 {official}{column} 열과 {name} 열(테스트 정확도, %)이 있는 CSV "
        "파일{others}을 지정하고 다시 시작하세요."
    ),
    " ({variable} is {path}, which holds none)": " (지금 {variable}은(는) {path}이며, 거기에는 없습니다)",
    "a directory with the official NATS-Bench files ({folder}), or to ": "공식 NATS-Bench 파일의 폴더({folder}) 또는 ",
    ", or with {columns}": " 또는 {columns} 열이 있는 파일",
    "{variable} is {path}, which does not exist; allowed: a directory or a CSV file": (
        "{variable}: {path}이(가) 없습니다; 허용: 폴더 또는 CSV 파일"
    ),
    "architecture of search space {space}; {source} has: {own}": "탐색 공간 {space}의 아키텍처입니다; {source}에 있는 것: {own}",
    "{file}, line {line}: {error}": "{file}, {line}행: {error}",
    "no single column {column}; found: {found}; allowed: {names}": "{column} 열이 하나가 아닙니다; 있는 것: {found}; 허용: {names}",
    "no column of a dataset; found: {found}; allowed: {names}": "데이터셋의 열이 없습니다; 있는 것: {found}; 허용: {names}",
    "two columns for {dataset}: {one}, {other}": "{dataset}의 열이 둘입니다: {one}, {other}",
    "allowed: the columns {names}": "허용: {names} 열",
    "{file} has a first line and no architectures": "{file}: 첫 행뿐이고 아키텍처가 없습니다",
    "{file} has a first line and no networks": "{file}: 첫 행뿐이고 네트워크가 없습니다",
    "{file}: no value is above {largest}; allowed: test accuracy in %, such as 93.2": (
        "{file}: {largest}보다 큰 값이 없습니다; 허용: % 단위의 테스트 정확도, 예: 93.2"
    ),
    "no table can be read from {file}: {error}": "{file}에서 표를 읽을 수 없습니다: {error}",
    "{count} cells; the first line has {wanted}": "칸 {count}개; 첫 행은 {wanted}개",
    "{text} a second time; allowed: one line per architecture": "{text}이(가) 두 번 있습니다; 허용: 아키텍처마다 한 행",
    "{file} is larger than {most} MiB": "{file}: {most} MiB보다 큽니다",
    "{file} is no CSV table: {error}": "{file}: CSV 표가 아닙니다: {error}",
    "{file} holds accuracies outside 0 to 100 %": "{file}: 0~100 %를 벗어난 정확도가 있습니다",
    "{file} of {package} holds accuracies outside 0 to 100 %": "{package}의 {file}: 0~100 %를 벗어난 정확도가 있습니다",
    "{file} of {package} is not the file it should be: {error}": "{package}의 {file}: 있어야 할 파일이 아닙니다: {error}",
    "{file} is no file of NATS-Bench: {error}": "{file}: NATS-Bench 파일이 아닙니다: {error}",
    "{file} does not list the cells of NATS-Bench: {error}": "{file}: NATS-Bench 셀의 목록이 아닙니다: {error}",
    "{file} is no record of NATS-Bench: {error}": "{file}: NATS-Bench 기록이 아닙니다: {error}",
    "it is about {name}, which has another number": "{name}에 관한 것이며, 번호가 다릅니다",
    "a {type} where a dict should be": "dict가 있어야 할 곳에 {type}이(가) 있습니다",
    "{file} has networks of {space}; asked for: {wanted}": "{file}: {space}의 네트워크입니다; 필요한 것: {wanted}",
    # archives and kept runs
    "the manifest": "목록",
    "an entry of the manifest": "목록의 항목",
    "{file}: {entry} is a link or a device; allowed: files": "{file}: {entry}은(는) 링크나 장치입니다; 허용: 파일",
    "{file} is encrypted ({entry}); allowed: no password": "{file}: 암호가 걸려 있습니다 ({entry}); 허용: 암호 없는 파일",
    "{file}: entry {entry} leads out of the folder; allowed: paths inside it": (
        "{file}: {entry} 항목이 폴더 밖을 가리킵니다; 허용: 폴더 안의 경로"
    ),
    "{file} has {count} {what}; allowed: {allowed}": "{file}: {what} {count}; 허용: {allowed}",
    "MiB packed": "압축된 크기(MiB)",
    "MiB unpacked": "푼 크기(MiB)",
    "{file}: {entry} unpacks to {what}; allowed: {allowed}": "{file}: {entry}을(를) 풀면 {what}입니다; 허용: {allowed}",
    "all of it": "전체",
    "{entry} is not as long as it says": "{entry}: 적힌 길이와 다릅니다",
    "{file} holds {entry} twice": "{file}: {entry}이(가) 두 번 들어 있습니다",
    "{file} is damaged or no archive: {reason}": "{file}: 손상되었거나 압축 파일이 아닙니다: {reason}",
    "no run, or a damaged one": "실행이 아니거나 손상되었습니다",
    "no run, or a damaged one ({reason})": "실행이 아니거나 손상되었습니다 ({reason})",
    "a run of more than {most} MiB; allowed: up to that": "실행이 {most} MiB보다 큽니다; 허용: 그 크기까지",
    "a run of format {found}; this version reads format {format}": "실행의 형식 {found}; 이 버전이 읽는 형식: {format}",
    "an archive of format {found}; this version reads format {format}": "파일의 형식 {found}; 이 버전이 읽는 형식: {format}",
    "no models to show the run with: {error}": "실행을 보여 줄 모델이 없습니다: {error}",
    "no run of this version: {error}": "이 버전의 실행이 아닙니다: {error}",
    "a run steered by {name}, which is not known here; known: {names}": "여기서는 모르는 {name}(으)로 이끈 실행입니다; 아는 것: {names}",
    "a damaged run: {what} is {value}, which does not fit the rest": "손상된 실행: {what}의 값 {value}이(가) 나머지와 맞지 않습니다",
    "no {manifest} in the archive; allowed: one that this app exported": "파일에 {manifest}이(가) 없습니다; 허용: 이 앱이 내보낸 파일",
    "{manifest} is damaged; allowed: an archive that this app exported": "{manifest}이(가) 손상되었습니다; 허용: 이 앱이 내보낸 파일",
    "{folder} has no {file}, which the manifest promises": "{folder}: 목록에 있는 {file}이(가) 없습니다",
    "{count} runs; allowed: {allowed}": "실행 {count}개; 허용: {allowed}",
    "runs of {size} MiB; allowed: up to {most} in all": "실행의 크기 {size} MiB; 허용: 모두 합쳐 {most}까지",
    "runs cannot be kept in {place}: {reason}": "{place}에 실행을 보관할 수 없습니다: {reason}",
    "{file} is a database of something else; allowed: {kind}": "{file}: 다른 데이터베이스입니다; 허용: {kind}",
    # images
    "no folder or zip archive {path}": "그런 폴더나 zip 파일이 없습니다: {path}",
    "{name} is no data set; allowed: a folder of images or a zip archive of one": (
        "{name}: 데이터셋이 아닙니다; 허용: 이미지 폴더 또는 그 zip 파일"
    ),
    "{name} is an archive; give a work folder to unpack it in": "{name}: 압축 파일입니다. 풀 폴더를 지정하세요",
    "{name} has no part {part}; allowed: {names}": "{name}: {part} 부분이 없습니다; 허용: {names}",
    "{name} has more than {most} files; allowed: up to that": "{name}: 파일이 {most}개보다 많습니다; 허용: 그 수까지",
    "{name} has more than {most} MiB of images; allowed: up to that": "{name}: 이미지가 {most} MiB보다 큽니다; 허용: 그 크기까지",
    "{name} has {size} MiB; allowed: {allowed}": "{name}: {size} MiB; 허용: {allowed}",
    "{name} holds no image; allowed: folders of {endings} files": "{name}: 이미지가 없습니다; 허용: {endings} 파일의 폴더",
    "{name} has {count} classes; allowed: {allowed}": "{name}: 클래스 {count}개; 허용: {allowed}",
    "{count} of the {total} images of {name} cannot be read; the first: {error}": (
        "{name}: 이미지 {total}장 가운데 {count}장을 읽을 수 없습니다. 첫 번째: {error}"
    ),
    "{name} is too large; allowed: {allowed} pixels": "{name}: 너무 큽니다; 허용: {allowed}",
    "{name} is no image{reason}; allowed: {names}": "{name}: 이미지가 아닙니다{reason}; 허용: {names}",
    "{name} cannot be decoded: {error}": "{name}: 디코딩할 수 없습니다: {error}",
    "{images} left out as unreadable: {error}": "읽을 수 없어 제외: {images}. {error}",
    "without a readable image, left out: {classes}": "읽을 수 있는 이미지가 없어 제외: {classes}",
    "{files} other than images left out": "이미지가 아니어서 제외: {files}",
    "{files} left out as links or devices": "링크나 장치여서 제외: {files}",
    "{images} beside the class folders left out": "클래스 폴더 밖에 있어 제외: {images}",
    "{count} of {images} grey": "{images} 가운데 회색조: {count}",
    "one class only: nothing to tell apart": "클래스가 하나뿐이라 구별할 것이 없습니다",
    "{name} has one class only: nothing to tell apart; allowed: {allowed}": (
        "{name}: 클래스가 하나뿐이라 구별할 것이 없습니다; 허용: {allowed}"
    ),
    "fewer than {count} images, so that some are used more than once: {classes}": "이미지가 {count}장보다 적어 여러 번 씁니다: {classes}",
    "{list} lists no image that is there in {folder}/images": "{list}: 목록의 이미지가 {folder}/images에 없습니다",
    "{file} is too long for a list of images; allowed: up to {most} bytes": "{file}: 이미지 목록으로는 너무 깁니다; 허용: {most}바이트까지",
    "{file}, line {line}: {text} names no image and class": "{file}, {line}행: {text}: 이미지와 클래스의 이름이 아닙니다",
    "{path} is no folder that may be read here; allowed: folders in {folders}": (
        "{path}: 여기서 읽을 수 있는 폴더가 아닙니다; 허용: {folders} 안의 폴더"
    ),
    "the images of {name} are not here any more": "{name}의 이미지가 더는 없습니다",
    # data sets by name, and features
    "unknown data set {name}; allowed: {names}, or a folder, .zip or .npz file": (
        "알 수 없는 데이터셋: {name}; 허용: {names}, 또는 폴더, .zip, .npz 파일"
    ),
    "unknown data set {name}; allowed: {names}": "알 수 없는 데이터셋: {name}; 허용: {names}",
    "{name} is not installed; {advice}": "{name}: 설치되어 있지 않습니다. {advice}",
    "unknown part {part} of {name}; allowed: test, train": "{name}: 알 수 없는 부분 {part}; 허용: test, train",
    "the {part} part of {name} has no image of class {class_name}; allowed: {allowed}": (
        "{name}의 {part} 부분에 {class_name} 클래스의 이미지가 없습니다; 허용: {allowed}"
    ),
    "class {class_name} of {name} is in test only; allowed: the classes of train": (
        "{name}: {class_name} 클래스가 test에만 있습니다; 허용: train의 클래스"
    ),
    "no image of {name} can be decoded; the first: {error}": "{name}: 디코딩할 수 있는 이미지가 없습니다. 첫 번째: {error}",
    "{count} of {total} images left out; the first: {error}": "이미지 {total}장 가운데 {count}장 제외. 첫 번째: {error}",
    "{count} images that cannot be decoded were replaced; the first: {error}": (
        "디코딩할 수 없는 이미지 {count}장을 다른 것으로 바꿨습니다. 첫 번째: {error}"
    ),
    "no image is left to test with": "테스트에 쓸 이미지가 남지 않았습니다",
    "{name} has images of {shape} {dtype}; allowed: n×H×W×3, n×H×W×1 or n×H×W uint8": (
        "{name}: 이미지 {shape} {dtype}; 허용: n×H×W×3, n×H×W×1, n×H×W uint8"
    ),
    "{name} has images of two sizes; allowed: one": "{name}: 이미지의 크기가 둘입니다; 허용: 하나",
    "{name} has {labels} labels for {count} images; allowed: one an image": (
        "{name}: 이미지 {count}장에 레이블 {labels}개; 허용: 이미지마다 하나"
    ),
    "{name} has labels that are no class numbers; allowed: whole numbers from 0": (
        "{name}: 클래스 번호가 아닌 레이블이 있습니다; 허용: 0 이상의 정수"
    ),
    "{name} has the label {label} and names for {count} classes; allowed: a name each": (
        "{name}: 레이블 {label}, 이름은 클래스 {count}개; 허용: 클래스마다 이름 하나"
    ),
    "{name} takes {size} GiB of memory; allowed: {allowed}": "{name}: 메모리 {size} GiB가 필요합니다; 허용: {allowed}",
    "{file} is damaged: its {shape} values are not all there": "{file}: 손상되었습니다. 값 {shape}개가 다 있지 않습니다",
    "{file} is damaged: {error}": "{file}: 손상되었습니다: {error}",
    "{file} is damaged: {size} bytes; allowed: {wanted} an image": "{file}: 손상되었습니다: {size}바이트; 허용: 이미지마다 {wanted}",
    "{file} is damaged or no .npz file of plain arrays: {error}": "{file}: 손상되었거나 배열만 담은 .npz 파일이 아닙니다: {error}",
    "{file} has no {name}; it has: {found}": "{file}: {name}이(가) 없습니다; 있는 것: {found}",
    "{folder} has no file {name}; allowed: plain or .gz": "{folder}: {name} 파일이 없습니다; 허용: 그대로 또는 .gz",
    "{file} is no idx file of bytes; allowed: those of MNIST": "{file}: 바이트의 idx 파일이 아닙니다; 허용: MNIST의 파일",
    "{file} is no file of CIFAR: {error}": "{file}: CIFAR 파일이 아닙니다: {error}",
    "images of {shape}; allowed: rows of {size}": "이미지 {shape}; 허용: {size}개씩의 행",
    "the file holds NumPy values of type {type}; allowed: bytes": "NumPy 값의 자료형 {type}; 허용: 바이트",
    "{file} does not hold a name for each of its classes; make it anew: {command}": (
        "{file}: 클래스마다 이름이 있지 않습니다. 새로 만드세요: {command}"
    ),
    "unknown class {name}; allowed: the {count} classes of ImageNet": "알 수 없는 클래스: {name}; 허용: ImageNet의 클래스 {count}개",
    "a mix of {count} classes: {names}; allowed: two or more, each once": "섞은 클래스 {count}개: {names}; 허용: 둘 이상, 각각 한 번",
    "no features {name} here any more; encode the images again": "특징 {name}이(가) 더는 없습니다. 이미지를 다시 인코딩하세요",
    "no file {file} of features in {folder}": "{folder}에 특징 파일 {file}이(가) 없습니다",
    "{file} holds no features of format {format} (its format: {found})": (
        "{file}: 형식 {format}의 특징이 아닙니다 (파일의 형식: {found})"
    ),
    "{file} has a damaged header: {name} is {value}": "{file}: 헤더가 손상되었습니다: {name}의 값 {value}",
    "{file} has features of {shape} {dtype}; allowed: {count}×n×D float32": (
        "{file}: 특징 {shape} {dtype}; 허용: {count}×n×D float32"
    ),
    "{file} has features that are not finite": "{file}: 유한하지 않은 특징이 있습니다",
    "no image of class {name} can be decoded; the first: {error}": "{name} 클래스에는 디코딩할 수 있는 이미지가 없습니다. 첫 번째: {error}",
    "{extractor} is not installed (no {package}): {command}": "{extractor}가 설치되어 있지 않습니다 ({package} 없음): {command}",
    "the weights of EfficientNet-Lite0 are damaged ({error}): {command}": (
        "EfficientNet-Lite0의 가중치가 손상되었습니다 ({error}): {command}"
    ),
    "{extractor} needs torchvision, which is not installed: pip install torchvision, then {command}": (
        "{extractor}에는 torchvision이 필요하지만 설치되어 있지 않습니다: pip install torchvision, 그다음 {command}"
    ),
    "{extractor} has no weights ({file} in torch's folder); with a network, {command} gets them": (
        "{extractor}의 가중치가 없습니다 (torch 폴더의 {file}). 네트워크가 있으면 다음 명령으로 받습니다: {command}"
    ),
    "torchvision does not work with torch {version} ({error}): install the version made for it": (
        "torchvision이 torch {version}에서 동작하지 않습니다 ({error}). 맞는 버전을 설치하세요"
    ),
    "{file} is damaged: remove it, then {command}": "{file}: 손상되었습니다. 지운 다음 실행하세요: {command}",
    # training candidates
    "{part} images are {shape}; allowed: n×height×width×3 of uint8": "{part} 이미지: {shape}; 허용: uint8 n×높이×너비×3",
    "{count} {part} images have labels of shape {shape}": "{part} 이미지 {count}장의 레이블 모양: {shape}",
    "{part} labels are {dtype}; allowed: {allowed}": "{part} 레이블: {dtype}; 허용: {allowed}",
    "{part} labels go from {low} to {high}; allowed: {allowed}": "{part} 레이블: {low}~{high}; 허용: {allowed}",
    "{count} classes; allowed: {allowed}": "클래스 {count}개; 허용: {allowed}",
    "1 training image; allowed: {allowed}": "학습 이미지 1장; 허용: {allowed}",
    "training images are {train} and test images {test}; allowed: one size": (
        "학습 이미지 {train}, 테스트 이미지 {test}; 허용: 같은 크기"
    ),
    "{file} has no {name}, only {found}; allowed: {names}": "{file}: {name}이(가) 없습니다. 있는 것: {found}; 허용: {names}",
    "{file} is no .npz file of plain arrays: {error}": "{file}: 배열만 담은 .npz 파일이 아닙니다: {error}",
    "nesterov is true with momentum 0; allowed: a momentum above 0, or nesterov false": (
        "nesterov가 true인데 모멘텀이 0입니다; 허용: 0보다 큰 모멘텀, 또는 nesterov=false"
    ),
    "warmup is {warmup} epochs of {epochs}; allowed: at most all of them": "워밍업: {epochs}에폭 가운데 {warmup}; 허용: 많아야 전부",
    "{text} is no recipe; allowed: a JSON object": "{text}: 레시피가 아닙니다; 허용: JSON 객체",
    "{text} is no recipe: {error}": "{text}: 레시피가 아닙니다: {error}",
    "unknown setting {setting} of a recipe; allowed: {names}": "레시피의 알 수 없는 설정: {setting}; 허용: {names}",
    "images are {height}×{width}; allowed: square ones, or a recipe with an image size": (
        "이미지: {height}×{width}; 허용: 정사각형, 또는 이미지 크기가 있는 레시피"
    ),
    "no architecture to train; allowed: {allowed}": "학습할 아키텍처가 없습니다; 허용: {allowed}",
    "experiment {number} was made with other images of {name}: {found}, not {wanted}": (
        "{number}번 실험은 {name}의 다른 이미지로 만들었습니다: {wanted}이(가) 아니라 {found}"
    ),
    "{count} workers died before they began a trial, the last one {how}": "작업 프로세스 {count}개가 시작하기 전에 죽었습니다. 마지막: {how}",
    "killed by signal {number}": "신호 {number}(으)로 종료",
    "exit code {number}": "종료 코드 {number}",
    "the worker died: {how}": "작업 프로세스가 죽었습니다: {how}",
    "precision is {name} on {device}; allowed there: {names}": "정밀도: {device}에서 {name}; 허용: {names}",
    "loss is {loss} in epoch {epoch}; the last good state is kept": "{epoch}에폭에서 손실이 {loss}입니다. 마지막 정상 상태는 남아 있습니다",
    "{file} is no state of a trial; remove it to start afresh ({reason})": (
        "{file}: 학습 상태 파일이 아닙니다. 지우면 처음부터 시작합니다 ({reason})"
    ),
    "{file} belongs to another {name}: {found}; remove it to start afresh": (
        "{file}: 다른 {name}의 것입니다: {found}. 지우면 처음부터 시작합니다"
    ),
    "{file} belongs to another network: {reason}": "{file}: 다른 네트워크의 것입니다: {reason}",
    # files to take home
    "{format} shows how an architecture was denoised, and no trajectory came with this one": (
        "{format}: 노이즈 제거 과정을 보여 주는 파일인데, 이 아키텍처에는 궤적이 없습니다"
    ),
    "the weights do not fit this network of {count} classes: {reason}": "클래스 {count}개인 이 네트워크에 맞지 않는 가중치입니다: {reason}",
    "ONNX needs {packages}: pip install 'dnag[onnx]'": "ONNX에 필요한 패키지: {packages}. pip install 'dnag[onnx]'",
    "onnxruntime's logits are {difference} away from PyTorch's, more than {most}": (
        "onnxruntime의 출력이 PyTorch와 {difference}만큼 다릅니다 (한도 {most})"
    ),
    "{space} does not say how its networks are written as Python": "{space}: 네트워크를 Python으로 쓰는 방법이 없습니다",
    # imported predictors, and what they are told of a dataset
    "features of {count} classes; dataset {dataset} has {classes}": (
        "특징의 클래스는 {count}개인데 데이터셋 {dataset}의 클래스는 {classes}개입니다"
    ),
    "features is {file}; allowed: a file of encode (.safetensors) or import-official (.npz)": (
        "features: {file}; 허용: encode(.safetensors) 또는 import-official(.npz)로 만든 파일"
    ),
    "{files}; allowed: one imported predictor that guides, one that ranks": (
        "{files}; 허용: 가져온 예측기는 가이던스용 하나와 순위용 하나"
    ),
    (
        "imported predictors know {dataset} by features of its images alone, and none are given; allowed: --features "
        "FILE (of import-official or encode --extractor resnet18), --images DIR|ZIP|NAME"
    ): (
        "가져온 예측기는 {dataset}을(를) 이미지 특징으로만 아는데 특징이 없습니다; 허용: --features FILE "
        "(import-official이나 encode --extractor resnet18로 만든 파일), --images DIR|ZIP|NAME"
    ),
    # the queue
    "{count} runs are waiting; allowed: {most}. Try again shortly.": (
        "실행 {count}개가 기다리고 있습니다; 허용: {most}개. 잠시 뒤에 다시 해 보세요."
    ),
    "the job manager is closed": "서버가 작업을 더 받지 않습니다",
    "{folder} cannot be locked": "{folder}을(를) 잠글 수 없습니다",
}
